"""Speech detection in the processed microphone."""

from __future__ import annotations

from enum import IntEnum

from engine.audio.processing.protocol import Samples


class SpeechLevel(IntEnum):
    """Certainty that somebody speaks."""

    NONE = 0
    SUSPECTED = 1
    SPEECH = 2


class SpeechDetector:
    """Tells speech from silence, block by block."""

    def take(self, samples: Samples, speech_probability: float | None) -> SpeechLevel:
        """Return the level after a block."""
        return SpeechLevel.SUSPECTED if (speech_probability or 0.0) > 0.5 else SpeechLevel.NONE
