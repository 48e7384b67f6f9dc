"""Test signals, and what recordings of them tell.

Imports `report`.
"""
