"""The port, where a device and the engine meet: its rings, counters and wake-ups, as Python sees them.

Imports `kernels`.
"""
