"""How the embedded agent hears: voice activity, turns, recognition.

Imports `protocol`, and the words that `answering` knows.
"""
