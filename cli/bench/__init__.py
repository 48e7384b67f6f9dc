"""`voice bench` in the terminal and as a page.

Imports `pages`, `terminal` and `errors`.
"""
