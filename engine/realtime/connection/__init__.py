"""The connection of a session: opened, kept, and opened again.

Imports `protocol`, `conversation` and `providers`.
"""
