"""A filter of the second order over plain samples, by address."""

from __future__ import annotations

import numpy as np
from numba import carray

from engine.dsp.compile.declare import kernel
from engine.dsp.compile.intrinsics import float32_pointer, load_float, store_float

_NOTHING = 1e-30
"""600 dB below full scale: a state that decays further takes a hundred times as long to compute with (denormals)."""


@kernel("void(int64, int64, int64, float64, float64, float64, float64, float64)")
def biquad(state: int, samples: int, count: int, b0: float, b1: float, b2: float, a1: float, a2: float) -> None:
    """Filter in place, in transposed direct form II, which loses least to rounding.

    Args:
        state: Address of two float64, zeros at first.
        samples: Address of `count` float32.
        count: Number of samples.
        b0, b1, b2: Feed-forward coefficients.
        a1, a2: Feedback coefficients, for an a0 of 1.
    """
    block = carray(float32_pointer(samples), (count,))
    first, second = load_float(state, 0), load_float(state, 1)
    for i in range(count):
        x = np.float64(block[i])
        y = b0 * x + first
        first = b1 * x - a1 * y + second
        second = b2 * x - a2 * y
        block[i] = np.float32(y)
    store_float(state, 0, first if abs(first) > _NOTHING else 0.0)
    store_float(state, 1, second if abs(second) > _NOTHING else 0.0)
