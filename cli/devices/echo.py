"""Echo of a speaker in a microphone, and how much of it the processing takes away, from a recording of the sweep."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import soxr

from engine.audio.processing.protocol import FRAMES, RATE_HZ
from engine.audio.processing.registry import make
from engine.audio.soundcheck.diagnosis import SoundCheck
from engine.audio.soundcheck.sweep import place_of_sweep
from engine.dsp.meter import meter
from engine.errors import LibraryMissingError

_MOST_DB = 99.0
"""Silence would be infinitely quieter."""


@dataclass(frozen=True, slots=True)
class Echo:
    """Figures of an echo."""

    level_db: float
    """RMS of the sweep as it was heard, against what was played."""
    removed_db: float | None
    """Its loss in the echo canceller by the second half of the sweep; None where that is not installed."""


def measure_echo(check: SoundCheck) -> Echo:
    """Return the figures of a recording that holds the sweep at its right speed."""
    heard = np.asarray(soxr.resample(check.heard, check.microphone.rate_hz, RATE_HZ), np.float32)
    played = check.sweep.samples(RATE_HZ)
    begin = round(place_of_sweep(check.heard, check.microphone.rate_hz, check.sweep) * RATE_HZ)
    half = slice(begin + played.size // 2, begin + played.size)
    level_db = meter(heard[begin : half.stop]).rms_db - meter(played).rms_db
    try:
        canceller = make("webrtc", {})
    except LibraryMissingError:
        return Echo(round(level_db, 1), None)
    given_at = begin if check.played_at_s is None else max(0, round(check.played_at_s * RATE_HZ))
    reference = np.concatenate([np.zeros(given_at, np.float32), played, np.zeros(heard.size, np.float32)])
    whole = heard.size // FRAMES * FRAMES
    sent = canceller.process(heard[:whole], reference[:whole])
    removed_db = min(meter(heard[half]).rms_db - meter(sent[half]).rms_db, _MOST_DB)
    return Echo(round(level_db, 1), round(removed_db, 1))
