"""Noise of a figure: how far it moves by chance, from its samples resampled, else from the spread that was kept."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.report.results import Quantiles

_ROUNDS = 400
_SEED = 1
_PERCENT_OUTSIDE = 0.5
"""On each side: of a hundred figures that did not move, one is called moved."""
_SIGMAS = 2.58
"""The same for a figure whose spread is known."""
_CLUMP = 5
"""Blocks lost together: beside the same load, callbacks in Python lost 811 and 1013 of 2000, in gaps of 50 ms."""
_P99_SIGMAS = 2.326
"""The 99th percentile of a normal distribution, in standard deviations."""


def by_samples(before: Sequence[float], now: Sequence[float], percent: float) -> float:
    """Return how far apart a percentile of two series may lie by chance.

    Series are resampled in runs of neighbours, since a late block makes the next ones late as well.

    Args:
        before: Samples in the order in which they were taken.
        now: The same of the other run.
        percent: Which percentile, 0 to 100.

    Example:
        >>> by_samples([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], 50) > 0
        True
    """
    dice = np.random.default_rng(_SEED)
    moves = _resampled(before, percent, dice) - _resampled(now, percent, dice)
    low, middle, high = np.percentile(moves, [_PERCENT_OUTSIDE, 50, 100 - _PERCENT_OUTSIDE])
    return float(max(high - middle, middle - low))


def by_spread(before: Quantiles, now: Quantiles) -> float:
    """Return how far apart two medians may lie, by the distance from each to its 99th percentile.

    A median of thousands of samples repeats better than one sample does; from run to run the machine changes as much as
    it does within one, so one sample's spread is the measure.
    """
    return _SIGMAS / _P99_SIGMAS * math.hypot(before.p99 - before.p50, now.p99 - now.p50)


def by_count(before: float, now: float) -> float:
    """Return how far apart two counts of lost blocks may lie; they are lost in clumps."""
    return _SIGMAS * math.sqrt(_CLUMP * (before + now))


def _resampled(samples: Sequence[float], percent: float, dice: np.random.Generator) -> NDArray[np.float64]:
    """The percentile of many series drawn from one, in runs as long as the root of its length."""
    values = np.asarray(samples, np.float64)
    length = max(1, math.isqrt(values.size))
    starts = dice.integers(0, values.size, (_ROUNDS, -(-values.size // length)))
    places = (starts[:, :, None] + np.arange(length)).reshape(_ROUNDS, -1)[:, : values.size] % values.size
    return np.asarray(np.percentile(values[places], percent, axis=1))
