"""Devices that go and come back: what to do then, and the process that lists them anew.

Imports `device`.
"""
