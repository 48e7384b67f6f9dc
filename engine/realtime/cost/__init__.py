"""What a session costs: usage and prices.

Imports `protocol`.
"""
