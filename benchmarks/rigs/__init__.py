"""Rigs that measurements run in: sessions, services and clients, loads, other processes.

Imports `signals` and `report`.
"""
