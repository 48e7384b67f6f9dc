"""Meters: how loud a block is, by its peak and by its mean power."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import carray, types
from numpy.typing import NDArray

from engine.dsp.arrays import READ_FLOAT32, as_float32
from engine.dsp.atomics import float32_pointer
from engine.dsp.compiled import KEEPS_NAN, inlined, kernel


@dataclass(frozen=True, slots=True)
class Levels:
    """Levels in dBFS: 0 dB is a sample, or the mean power, of 1.0; silence is -inf."""

    peak_db: float
    rms_db: float


@inlined(fastmath=KEEPS_NAN)
def peak_at(samples: int, count: int) -> float:
    """Internal path by address: the greatest magnitude."""
    block = carray(float32_pointer(samples), (count,))
    peak = np.float32(0.0)
    for i in range(count):
        peak = max(peak, abs(block[i]))
    return np.float64(peak)


@kernel(types.UniTuple(types.float64, 2)(READ_FLOAT32), fastmath=KEEPS_NAN)
def _meter(samples: NDArray[np.float32]) -> tuple[float, float]:
    """The greatest magnitude and the sum of squares; NaN counts as silence in both."""
    energy = np.float32(0.0)
    for i in range(samples.size):
        value = samples[i]
        value = value if value == value else np.float32(0.0)  # noqa: PLR0124 - only NaN differs from itself
        energy += value * value
    return peak_at(samples.ctypes.data, samples.size), np.float64(energy)


def to_db(linear: float) -> float:
    """Linear amplitude (1.0 is full scale) in dBFS; -inf for silence."""
    return 20.0 * math.log10(linear) if linear > 0 else -math.inf


def meter(samples: NDArray[np.float32]) -> Levels:
    """Return the levels of a block of float32 samples of any shape; NaN counts as silence.

    Example:
        >>> meter(np.full(480, 0.5, np.float32))
        Levels(peak_db=-6.020599913279624, rms_db=-6.020599913279624)
    """
    try:
        peak, energy = _meter(samples)
    except TypeError:
        peak, energy = _meter(as_float32(samples))
    return Levels(to_db(peak), to_db(math.sqrt(energy / samples.size)) if samples.size else -math.inf)
