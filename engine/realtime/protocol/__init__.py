"""The wire: events of servers and clients, their JSON, and their errors.

No state and no I/O; imports no other room.
"""
