"""Meters: how loud a block is, by its peak and by its mean power; decibels and linear factors."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Levels:
    """Levels in dBFS: 0 dB is a sample, or the mean power, of 1.0; silence is -inf."""

    peak_db: float
    rms_db: float


def to_db(linear: float) -> float:
    """Linear amplitude (1.0 is full scale) in dBFS; -inf for silence."""
    return 20.0 * math.log10(linear) if linear > 0 else -math.inf


def db_to_linear(gain_db: float) -> float:
    """Linear amplitude factor of a gain in dB; 0 dB is 1.0, -20 dB is 0.1."""
    return float(10.0 ** (gain_db / 20.0))


def meter(samples: NDArray[np.float32]) -> Levels:
    """Return the levels of a block of float32 samples of any shape; NaN counts as silence.

    Example:
        >>> meter(np.full(480, 0.5, np.float32))
        Levels(peak_db=-6.020599913279624, rms_db=-6.020599913279624)
    """
    if not samples.size:
        return Levels(-math.inf, -math.inf)
    block = np.nan_to_num(samples.astype(np.float64), nan=0.0, posinf=np.inf, neginf=-np.inf)
    return Levels(to_db(float(np.abs(block).max())), to_db(math.sqrt(float(np.square(block).mean()))))
