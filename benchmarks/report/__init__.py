"""Figures as results: what they mean, how runs are kept and compared.

Imports no other room.
"""
