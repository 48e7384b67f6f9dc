"""`voice bench` in the terminal and as a page.

Imports `terminal` and `errors`.
"""
