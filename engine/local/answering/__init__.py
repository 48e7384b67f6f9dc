"""The embedded agent's answers: its rules, its words, its voice.

Imports `protocol`.
"""
