"""The present state of a conversation, in a word or two."""

from __future__ import annotations

from enum import StrEnum


class Activity(StrEnum):
    """State of a conversation; the words are for the person."""

    CONNECTING = "connecting"
    RECONNECTING = "reconnecting"
    DEVICE_LOST = "no sound device"
    HEARING = "hears you"
    SPEAKING = "speaking"
    THINKING = "thinking"
    LISTENING = "listening"
