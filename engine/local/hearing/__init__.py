"""Hearing of the embedded agent: voice activity, turns, recognition.

Imports `protocol`, and the words that `answering` knows.
"""
