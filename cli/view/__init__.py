"""The conversation as people see it: in plain lines, or live.

Imports `terminal` and `errors`.
"""
