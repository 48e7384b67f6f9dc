"""Answers on their way to the speaker, and what was heard of them.

Imports `port` and `kernels`.
"""
