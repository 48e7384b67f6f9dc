"""What the embedded agent says: its rules, its words, its voice.

Imports `protocol`.
"""
