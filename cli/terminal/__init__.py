"""The terminal: keys in, lines out.

Knows nothing of conversations; imports no other room.
"""
