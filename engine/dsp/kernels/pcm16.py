"""Samples to PCM16 and back, by address."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import carray

from engine.dsp.compile.declare import inlined, kernel
from engine.dsp.compile.intrinsics import float32_pointer, int16_pointer

_FULL_SCALE = np.float32(32768.0)
_ONE_STEP = np.float32(1.0 / 32768.0)
_LOWEST, _HIGHEST = np.float32(-32768.0), np.float32(32767.0)


@inlined()
def _to_int16(value: Any) -> Any:
    number = value if value == value else np.float32(0.0)  # noqa: PLR0124 - only NaN differs from itself
    return np.int16(np.int32(np.rint(min(max(number, _LOWEST), _HIGHEST))))


@kernel("void(int64, int64, int64)")
def float32_to_pcm16(samples_address: int, pcm_address: int, count: int) -> None:
    """Round `count` float32 to int16: nearest, half to even, clipped; NaN becomes 0.

    Args:
        samples_address: Address of `count` float32, full scale 1.0.
        pcm_address: Address of room for `count` int16.
        count: Number of samples.
    """
    samples = carray(float32_pointer(samples_address), (count,))
    pcm = carray(int16_pointer(pcm_address), (count,))
    for i in range(count):
        pcm[i] = _to_int16(samples[i] * _FULL_SCALE)


@kernel("void(int64, int64, int64)")
def pcm16_to_float32(pcm_address: int, samples_address: int, count: int) -> None:
    """Scale `count` int16 by 1/32768 to float32, exactly.

    Args:
        pcm_address: Address of `count` int16.
        samples_address: Address of room for `count` float32.
        count: Number of samples.
    """
    pcm = carray(int16_pointer(pcm_address), (count,))
    samples = carray(float32_pointer(samples_address), (count,))
    for i in range(count):
        samples[i] = np.float32(pcm[i]) * _ONE_STEP
