"""Samples to the wire and back: float32 in [-1, 1) and signed 16-bit PCM, with a gain ramp and dither on the way.

Costs are of 480 samples, beside the line of numpy that clients use (3.3 us to PCM16, 1.4 us from it), from one run.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import carray, types
from numpy.typing import NDArray

from engine.dsp.arrays import FLOAT32, INT16, READ_FLOAT32, READ_INT16, as_float32, as_int16, is_row
from engine.dsp.atomics import float32_pointer, int16_pointer
from engine.dsp.compiled import KEEPS_NAN, direct, kernel
from engine.dsp.rounding import to_int16
from engine.errors import InvalidInputError

FULL_SCALE = np.float32(32768.0)
_ONE_STEP = np.float32(1.0 / 32768.0)
_INT16, _FLOAT32 = np.dtype(np.int16), np.dtype(np.float32)
"""As objects: `np.empty` takes 50 ns more to understand `np.int16`."""
_DITHER_STEP = np.float32(1.0 / 65536.0)


@kernel("void(int64, int64, int64)")
def float32_to_pcm16_at(samples_address: int, pcm_address: int, count: int) -> None:
    """Internal path by address: `count` float32 to int16. 110 ns."""
    samples = carray(float32_pointer(samples_address), (count,))
    pcm = carray(int16_pointer(pcm_address), (count,))
    for i in range(count):
        pcm[i] = to_int16(samples[i] * FULL_SCALE)


@kernel("void(int64, int64, int64)")
def pcm16_to_float32_at(pcm_address: int, samples_address: int, count: int) -> None:
    """Internal path by address: `count` int16 to float32. 110 ns."""
    pcm = carray(int16_pointer(pcm_address), (count,))
    samples = carray(float32_pointer(samples_address), (count,))
    for i in range(count):
        samples[i] = np.float32(pcm[i]) * _ONE_STEP


float32_to_pcm16_direct = direct(float32_to_pcm16_at)
pcm16_to_float32_direct = direct(pcm16_to_float32_at)


@kernel(types.boolean(READ_FLOAT32, INT16))
def _to_pcm16(samples: NDArray[np.float32], pcm: NDArray[np.int16]) -> bool:
    """False where the sizes differ; asking here costs nothing, asking in Python 60 ns."""
    if samples.size != pcm.size:
        return False
    for i in range(samples.size):
        pcm[i] = to_int16(samples[i] * FULL_SCALE)
    return True


@kernel(types.boolean(READ_FLOAT32, INT16, types.float64, types.float64))
def _to_pcm16_ramped(samples: NDArray[np.float32], pcm: NDArray[np.int16], gain_from: float, gain_to: float) -> bool:
    if samples.size != pcm.size:
        return False
    first = np.float32(gain_from) * FULL_SCALE
    step = np.float32((gain_to - gain_from) / max(samples.size, 1)) * FULL_SCALE
    for i in range(samples.size):
        pcm[i] = to_int16(samples[i] * (first + step * np.float32(np.int32(i) + np.int32(1))))
    return True


@kernel("uint32(uint32)", inline=True)
def _hashed(number: Any) -> Any:
    """Scatter a counter over 32 bits (the finaliser of MurmurHash3): the same for all lanes of a vector.

    With one multiplication less the noise had a line 22 dB above the rest.
    """
    number = np.uint32(number * np.uint32(0x9E3779B1))
    number = np.uint32(number ^ (number >> np.uint32(16)))
    number = np.uint32(number * np.uint32(0x85EBCA6B))
    number = np.uint32(number ^ (number >> np.uint32(13)))
    number = np.uint32(number * np.uint32(0xC2B2AE35))
    return np.uint32(number ^ (number >> np.uint32(16)))


@kernel(types.boolean(READ_FLOAT32, INT16, types.float64, types.float64, types.uint32))
def _to_pcm16_dithered(
    samples: NDArray[np.float32], pcm: NDArray[np.int16], gain_from: float, gain_to: float, counter: Any
) -> bool:
    if samples.size != pcm.size:
        return False
    first = np.float32(gain_from) * FULL_SCALE
    step = np.float32((gain_to - gain_from) / max(samples.size, 1)) * FULL_SCALE
    for i in range(samples.size):
        bits = _hashed(np.uint32(counter + np.uint32(i)))
        # Two independent numbers of 16 bits; their difference is triangular over one step either way.
        noise = np.float32(np.int32(bits & np.uint32(0xFFFF)) - np.int32(bits >> np.uint32(16))) * _DITHER_STEP
        pcm[i] = to_int16(samples[i] * (first + step * np.float32(np.int32(i) + np.int32(1))) + noise)
    return True


@kernel(types.boolean(READ_INT16, FLOAT32))
def _to_float32(pcm: NDArray[np.int16], samples: NDArray[np.float32]) -> bool:
    if samples.size != pcm.size:
        return False
    for i in range(pcm.size):
        samples[i] = np.float32(pcm[i]) * _ONE_STEP
    return True


@kernel(types.UniTuple(types.float64, 2)(READ_INT16, FLOAT32, types.float64, types.float64), fastmath=KEEPS_NAN)
def _to_float32_metered(
    pcm: NDArray[np.int16], samples: NDArray[np.float32], gain_from: float, gain_to: float
) -> tuple[float, float]:
    """Convert with a gain ramp; return the greatest magnitude and the sum of squares of what came in."""
    first = np.float32(gain_from) * _ONE_STEP
    step = np.float32((gain_to - gain_from) / max(pcm.size, 1)) * _ONE_STEP
    peak = np.int32(0)
    energy = np.float32(0.0)
    for i in range(pcm.size):
        whole = np.int32(pcm[i])
        value = np.float32(whole)
        energy += value * value
        peak = max(peak, abs(whole))
        samples[i] = value * (first + step * np.float32(np.int32(i) + np.int32(1)))
    return np.float64(peak) / 32768.0, np.float64(energy) / (32768.0 * 32768.0)


class Dither:
    """Triangular dither of one step either way: the error of rounding becomes noise that knows nothing of the sound.

    Example:
        >>> dither = Dither()
        >>> quiet = float32_to_pcm16(samples, dither=dither)
    """

    def __init__(self, seed: int = 1) -> None:
        self._counter = seed & 0xFFFFFFFF

    def advance(self, count: int) -> int:
        """Return the counter of the next sample and move it by `count`."""
        counter = self._counter
        self._counter = (counter + count) & 0xFFFFFFFF
        return counter


def float32_to_pcm16(
    samples: NDArray[np.float32],
    out: NDArray[np.int16] | None = None,
    *,
    gain_from: float = 1.0,
    gain_to: float = 1.0,
    dither: Dither | None = None,
) -> NDArray[np.int16]:
    """Round float32 samples to int16: nearest, half to even, clipped at -32768 and 32767, NaN as silence.

    0.46 us, and 0.28 with `out`; 0.1 more with a gain ramp, 0.2 with dither.

    Args:
        samples: Any shape and layout; taken as one row.
        out: Where to put them: contiguous int16, as many as there are samples; None makes a new array.
        gain_from: Linear gain before the first sample.
        gain_to: Linear gain of the last sample.
        dither: Noise that is added before rounding.

    Returns:
        1-D int16: `out`, or the new array.

    Raises:
        InvalidInputError: `out` has another size or type.
    """
    pcm = np.empty(samples.size, _INT16) if out is None else out
    try:
        if dither is None and gain_from == 1.0 == gain_to:
            fits = _to_pcm16(samples, pcm)
        elif dither is None:
            fits = _to_pcm16_ramped(samples, pcm, gain_from, gain_to)
        else:
            fits = _to_pcm16_dithered(samples, pcm, gain_from, gain_to, dither.advance(pcm.size))
    except TypeError:
        row = as_float32(samples)
        if not is_row(pcm, _INT16):
            raise InvalidInputError("PCM16 goes into a contiguous row of int16.") from None
        return float32_to_pcm16(row, pcm, gain_from=gain_from, gain_to=gain_to, dither=dither)
    if not fits:
        raise InvalidInputError(f"{samples.size} samples do not fit into {pcm.size}.")
    return pcm


def pcm16_to_float32(pcm: NDArray[np.int16], out: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
    """Scale int16 samples by 1/32768 to float32, exactly. 0.46 us, and 0.28 with `out`.

    Args:
        pcm: int16 of any shape and layout; taken as one row.
        out: Where to put them: contiguous float32, as many as there are samples; None makes a new array.

    Returns:
        1-D float32: `out`, or the new array.

    Raises:
        InvalidInputError: the samples are not int16, or `out` has another size or type.
    """
    samples = np.empty(pcm.size, _FLOAT32) if out is None else out
    try:
        fits = _to_float32(pcm, samples)
    except TypeError:
        if not is_row(samples, _FLOAT32):
            raise InvalidInputError("Samples go into a contiguous row of float32.") from None
        fits = _to_float32(as_int16(pcm), samples)
    if not fits:
        raise InvalidInputError(f"{pcm.size} samples do not fit into {samples.size}.")
    return samples


def pcm16_to_float32_metered(
    pcm: NDArray[np.int16], gain_from: float = 1.0, gain_to: float = 1.0
) -> tuple[NDArray[np.float32], float, float]:
    """Scale int16 samples to float32 with a gain ramp, and meter them on the way.

    0.9 us where numpy takes 16 for the same in its five passes.

    Args:
        pcm: int16 of any shape and layout; taken as one row.
        gain_from: Linear gain before the first sample.
        gain_to: Linear gain of the last sample.

    Returns:
        The samples (1-D float32), and the peak and the RMS of what came in, linear (1.0 is full scale).

    Raises:
        InvalidInputError: the samples are not int16.
    """
    samples = np.empty(pcm.size, _FLOAT32)
    try:
        peak, energy = _to_float32_metered(pcm, samples, gain_from, gain_to)
    except TypeError:
        peak, energy = _to_float32_metered(as_int16(pcm), samples, gain_from, gain_to)
    return samples, peak, math.sqrt(energy / pcm.size) if pcm.size else 0.0
