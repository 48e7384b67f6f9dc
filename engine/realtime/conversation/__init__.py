"""The conversation as a state machine: server events in, actions out.

No I/O, no clock, no asyncio; imports `protocol`.
"""
