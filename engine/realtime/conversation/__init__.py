"""What should happen next: the conversation as a state machine, server events in and actions out.

No I/O, no clock, no asyncio; imports `protocol`.
"""
