"""Chirps at irregular distances: a train fits into a recording in one place only, however long the round trip is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.signals.probe import Signal, chirp

SETTLE_S = 0.1
"""A stream's first blocks come in a burst that fills the device's buffer."""
_SHORTEST_S, _LONGEST_S = 0.10, 0.16


def starts_of(count: int) -> NDArray[np.float64]:
    """Return when each of `count` chirps begins, in seconds; the same each time."""
    gaps = np.random.default_rng(count).uniform(_SHORTEST_S, _LONGEST_S, count - 1)
    return SETTLE_S + np.concatenate([[0.0], np.cumsum(gaps)])


def train(starts_s: NDArray[np.float64], rate_hz: int) -> Signal:
    """Return the chirps as samples; each begins at the sample nearest to its time.

    Args:
        starts_s: As `starts_of` gives them.
        rate_hz: Of the samples.
    """
    probe = chirp(rate_hz)
    signal = np.zeros(round(starts_s[-1] * rate_hz) + 2 * probe.size, np.float32)
    for start in np.round(starts_s * rate_hz).astype(np.int64):
        signal[start : start + probe.size] = probe
    return signal


def begins_at(starts_s: NDArray[np.float64], rates_hz: tuple[int, int]) -> NDArray[np.float64]:
    """Return where the chirps of `train` begin, in frames of the microphone.

    Args:
        starts_s: As they were played.
        rates_hz: Of speaker and microphone.
    """
    out_hz, in_hz = rates_hz
    return np.round(starts_s * out_hz) * (in_hz / out_hz)
