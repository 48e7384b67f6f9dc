"""Scales of charts: which pixel a value has, and at which round values an axis is marked."""

from __future__ import annotations

import math
from dataclasses import dataclass

_STEPS = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from `low` to `high` on pixels from `start` to `end`.

    Example:
        >>> Scale(0.0, 10.0, 100.0, 300.0).place(5.0)
        200.0
    """

    low: float
    high: float
    start: float
    end: float
    is_log: bool = False

    def place(self, value: float) -> float:
        """Return the pixel of a value; what lies outside is put on the edge."""
        held = min(max(value, self.low), self.high)
        if self.is_log:
            share = math.log(held / self.low) / math.log(self.high / self.low)
        else:
            share = (held - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self, most: int) -> list[float]:
        """Return round values to mark, `most` or a few more; powers of ten on a logarithmic scale."""
        if self.is_log:
            powers = range(math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9) + 1)
            return [10.0**power for power in powers]
        step = round_step((self.high - self.low) / most)
        first = math.ceil(self.low / step - 1e-9)
        return [number * step for number in range(first, math.floor(self.high / step + 1e-9) + 1)]


def round_step(least: float) -> float:
    """Return the smallest of 1, 2, 5 times a power of ten that is no smaller.

    Example:
        >>> round_step(0.3)
        0.5
    """
    power = 10.0 ** math.floor(math.log10(least))
    return next(step * power for step in _STEPS if step * power >= least * (1 - 1e-9))


def round_up(value: float, steps: int = 5) -> float:
    """Return a round value no smaller, for the end of an axis.

    Example:
        >>> round_up(128.7)
        150.0
    """
    step = round_step(max(value, 1e-9) / steps)
    return step * math.ceil(value / step - 1e-9)


def label(value: float) -> str:
    """Write a value of an axis without needless digits."""
    return f"{value:,.10g}" if abs(value) >= 1e-9 else "0"
