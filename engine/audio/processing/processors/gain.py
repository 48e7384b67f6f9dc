"""Gain with a limiter: a louder or softer microphone that never exceeds full scale.

For a microphone that is always too soft or too loud, where the system's own level does not help. Unlike automatic gain
control it changes nothing between words: a fixed gain leaves the pauses as soft as they are.
"""

from __future__ import annotations

import numpy as np

from engine.audio.processing.protocol import RATE_HZ, Samples
from engine.dsp.meter import db_to_linear
from engine.errors import InvalidInputError


class Gain:
    """Multiplies, and turns down at once what would exceed the limit; without looking ahead, so without a delay.

    Example:
        >>> gain, silence = Gain(gain_db=20, limit_db=-6), np.zeros(480, np.float32)
        >>> [round(float(gain.process(np.full(480, level, np.float32), silence)[-1]), 3) for level in (0.01, 0.9)]
        [0.1, 0.501]
    """

    def __init__(self, *, gain_db: float = 0.0, limit_db: float = -1.0, release_ms: float = 100.0) -> None:
        """Set the factors.

        Args:
            gain_db: Gain of what stays below the limit.
            limit_db: Greatest peak in dBFS, 0 at most.
            release_ms: Time in which the memory of a peak falls by 8.7 dB (a time constant).

        Raises:
            InvalidInputError: a limit above full scale, or a release below 10 ms.
        """
        if limit_db > 0:
            raise InvalidInputError(f"limit_db cannot be {limit_db!r}.", fix="Give a number of dBFS, 0 or less.")
        if release_ms < 10:
            raise InvalidInputError(f"release_ms cannot be {release_ms!r}.", fix="Give a number, 10 or more.")
        self._gain, self._limit = db_to_linear(gain_db), db_to_linear(limit_db)
        self._decay_per_frame = 1000 / (release_ms * RATE_HZ)
        self._peak = 0.0

    def process(self, block: Samples, reference: Samples) -> Samples:
        """Return the louder block.

        The envelope is the decaying peak, `e[n] = max(|x[n]|, e[n-1] * d)`, which is `d^n * max(|x[k]| * d^-k)` over
        all k up to n: numpy has that as a running maximum.
        """
        samples = block.astype(np.float64) * self._gain
        growth = np.exp(self._decay_per_frame * np.arange(1, block.size + 1))
        peaks = np.maximum.accumulate(np.maximum(np.abs(samples) * growth, self._peak)) / growth
        self._peak = float(peaks[-1]) if block.size else self._peak
        limited = samples * (self._limit / np.maximum(peaks, self._limit))
        return np.clip(limited, -self._limit, self._limit).astype(np.float32)
