"""How a session reaches its server and stays connected.

Imports `protocol`, `conversation` and `providers`.
"""
