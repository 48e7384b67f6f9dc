"""Sound to the person, and sound of the microphone to the server.

Imports `protocol` and `connection`.
"""
