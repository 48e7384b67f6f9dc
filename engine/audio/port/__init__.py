"""Where a device and the engine meet: the port, its rings, counters and wake-ups, as Python sees them.

Imports `kernels`.
"""
