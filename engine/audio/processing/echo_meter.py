"""Echo return loss enhancement (ERLE): by how much the chain makes the echo quieter.

The ratio of the microphone's energy before and after the chain, over blocks in which the speaker sounds and nobody
speaks (ITU-T G.168, 3.6).
"""

from __future__ import annotations

import math

import numpy as np

from engine.audio.processing.protocol import RATE_HZ, Samples

_SOUNDS = 10 ** (-50 / 10)
"""Mean square of the reference above which the speaker sounds."""
_FORGET_S = 5.0
"""Time constant of the running mean: a path that changed long ago is not what is told."""
_LEAST_S = 2.0


class EchoMeter:
    """Compares what goes into a chain with what comes out of it; written by one thread, read by any.

    Example:
        >>> meter = EchoMeter()
        >>> noise = np.random.default_rng(1).standard_normal(960).astype(np.float32)
        >>> for _ in range(200):
        ...     meter.take(noise, noise / 100, noise, speaks=False)
        >>> meter.erle_db
        40.0
    """

    def __init__(self) -> None:
        self._before = self._after = self._speaker = 0.0
        self._sounding_s = 0.0

    def take(self, before: Samples, after: Samples, reference: Samples, *, speaks: bool) -> None:
        """Take a block as it went in and came out."""
        if speaks or np.dot(reference, reference) < _SOUNDS * reference.size:
            return
        seconds = before.size / RATE_HZ
        kept = math.exp(-seconds / _FORGET_S)
        self._before = kept * self._before + float(np.dot(before, before))
        self._after = kept * self._after + float(np.dot(after, after))
        self._speaker = kept * self._speaker + float(np.dot(reference, reference))
        self._sounding_s += seconds

    @property
    def erle_db(self) -> float | None:
        """The latest seconds' ERLE; None before the speaker has sounded for 2 s."""
        return self._ratio_db(self._before, self._after)

    @property
    def echo_db(self) -> float | None:
        """Level of what the microphone takes up while the speaker sounds, against the speaker's signal."""
        return self._ratio_db(self._before, self._speaker)

    def _ratio_db(self, above: float, below: float) -> float | None:
        if self._sounding_s < _LEAST_S or above <= 0.0:
            return None
        return round(10 * math.log10(above / max(below, 1e-12)), 1)
