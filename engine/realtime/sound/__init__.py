"""What the person hears, and what of the microphone goes out.

Imports `protocol` and `connection`.
"""
