"""The cost of a session: usage and prices.

Imports `protocol`.
"""
