"""The conversation as lines for people.

Imports `terminal` and `errors`.
"""
