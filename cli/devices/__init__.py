"""Devices as tables, menus and watches, and which of them a command means.

Imports `terminal` and `errors`.
"""
