"""The cases of `voice bench NAME`: one module for each name.

Imports `rigs`, `signals` and `report`.
"""
