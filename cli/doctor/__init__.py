"""The checks of `voice doctor`.

Imports no other room.
"""
