"""Numbers that the audio thread's request for real-time priority leaves in the control block."""

from __future__ import annotations

FIFO_PRIORITY = 5
REQUEST_WORDS = 4
NOT_ASKED, GRANTED, HELD, UNAVAILABLE = 0, 1, 2, 3
"""A refusal is the system's error code, negative."""
