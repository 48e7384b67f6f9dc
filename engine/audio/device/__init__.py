"""Devices and backends: the plugin protocol, and how a device is named, chosen and opened.

Imports `port`.
"""
