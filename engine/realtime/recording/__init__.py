"""Recordings of sessions: what went over the wire, what the conversation was told and answered, and the sound."""
