"""Samples to the wire and back: float32 in [-1, 1) and signed 16-bit PCM."""

from __future__ import annotations

import numpy as np
from numba import carray
from numpy.typing import NDArray

from engine.dsp.atomics import float32_pointer, int16_pointer
from engine.dsp.compiled import kernel

FULL_SCALE = np.float32(32768.0)
_LARGEST = np.float32(32767.0)
_SILENCE = np.float32(0.0)


@kernel("void(int64, int64, int64)")
def float32_to_pcm16_at(samples_address: int, pcm_address: int, count: int) -> None:
    """Internal path by address: `count` float32 to int16."""
    samples = carray(float32_pointer(samples_address), (count,))
    pcm = carray(int16_pointer(pcm_address), (count,))
    for i in range(count):
        value = samples[i] * FULL_SCALE
        value = value if value == value else _SILENCE  # noqa: PLR0124 - only NaN differs from itself
        value = min(max(value, -FULL_SCALE), _LARGEST)
        pcm[i] = np.int16(np.rint(value))


@kernel("void(int64, int64, int64)")
def pcm16_to_float32_at(pcm_address: int, samples_address: int, count: int) -> None:
    """Internal path by address: `count` int16 to float32."""
    pcm = carray(int16_pointer(pcm_address), (count,))
    samples = carray(float32_pointer(samples_address), (count,))
    scale = np.float32(1.0) / FULL_SCALE
    for i in range(count):
        samples[i] = np.float32(pcm[i]) * scale


def float32_to_pcm16(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    """Round float32 samples (1-D) to int16: nearest, clipped at -32768 and 32767, NaN as silence."""
    samples = np.ascontiguousarray(samples, np.float32)
    pcm = np.empty(samples.size, np.int16)
    float32_to_pcm16_at(samples.ctypes.data, pcm.ctypes.data, samples.size)
    return pcm


def pcm16_to_float32(pcm: NDArray[np.int16]) -> NDArray[np.float32]:
    """Scale int16 samples (1-D) by 1/32768 to float32."""
    pcm = np.ascontiguousarray(pcm, np.int16)
    samples = np.empty(pcm.size, np.float32)
    pcm16_to_float32_at(pcm.ctypes.data, samples.ctypes.data, pcm.size)
    return samples
