"""What the model can call: tools declared, offered, checked and run.

Imports `protocol`, `conversation`, and the catalogue of `providers`.
"""
