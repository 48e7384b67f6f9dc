"""`voice run`: what a session is made of, how it starts and how it ends.

Imports `terminal`, `view` and `devices`.
"""
