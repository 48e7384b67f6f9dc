"""Services that answer, and the session each is asked for.

Imports `protocol` and `tools`.
"""
