"""Tools that the model can call: declared, offered, checked and run.

Imports `protocol`, `conversation`, and the catalogue of `providers`.
"""
