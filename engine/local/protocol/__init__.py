"""The wire of the embedded server: events, settings, sound, and what is refused.

Imports the conversation's items, and no other room.
"""
