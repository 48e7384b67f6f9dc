"""Speech for tests: what a person would say into the microphone, at any rate."""

from __future__ import annotations

import functools

import numpy as np
import soxr
from numpy.typing import NDArray

from engine.local.answering.speech import Voice


@functools.cache
def _voice() -> Voice:
    return Voice()


@functools.cache
def _spoken(text: str, voice: str, words_per_minute: int) -> NDArray[np.int16]:
    return _voice().say(text, voice=voice, words_per_minute=words_per_minute)


def speech(text: str, rate_hz: int, voice: str = "en-us", speed: int = 150) -> NDArray[np.int16]:
    """Mono int16 of `text` at `rate_hz`, said by an espeak-ng voice at `speed` words a minute."""
    said = _spoken(text, voice, speed)
    return said if _voice().rate_hz == rate_hz else soxr.resample(said, _voice().rate_hz, rate_hz, "HQ")
