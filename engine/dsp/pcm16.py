"""Samples to the wire and back: float32 in [-1, 1) and signed 16-bit PCM, with a gain ramp and dither on the way.

Costs are of 480 samples, beside the line of numpy that clients use (3.3 us to PCM16, 1.4 us from it), from one run.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import carray
from numpy.typing import NDArray

from engine.dsp.arrays import as_float32, as_int16, check_row
from engine.dsp.atomics import float32_pointer, int16_pointer, load, store
from engine.dsp.builtin import builtin
from engine.dsp.compiled import KEEPS_NAN, inlined, kernel
from engine.dsp.python_objects import (
    as_float,
    as_integer,
    data_of,
    has_raised,
    is_float32_row,
    is_int16_row,
    is_none,
    is_writable,
    length_of,
    new_float,
    new_float32_row,
    new_int16_row,
    refused,
    retain,
    scratch_words,
    tuple_of,
)
from engine.dsp.rounding import to_int16

FULL_SCALE = np.float32(32768.0)
_ONE_STEP = np.float32(1.0 / 32768.0)
_INT16, _FLOAT32 = np.dtype(np.int16), np.dtype(np.float32)
_NO_DITHER = -1
_DITHER_STEP = 1.0 / 65536.0
_SUMMED = 4096
"""Squares that are summed in float32 before they go into a float64: a longer sum would lose small ones."""


@kernel("void(int64, int64, int64)")
def float32_to_pcm16_at(samples_address: int, pcm_address: int, count: int) -> None:
    """Within compiled code, by address: `count` float32 to int16. 30 ns."""
    samples = carray(float32_pointer(samples_address), (count,))
    pcm = carray(int16_pointer(pcm_address), (count,))
    for i in range(count):
        pcm[i] = to_int16(samples[i] * FULL_SCALE)


@kernel("void(int64, int64, int64)")
def pcm16_to_float32_at(pcm_address: int, samples_address: int, count: int) -> None:
    """Within compiled code, by address: `count` int16 to float32. 20 ns."""
    pcm = carray(int16_pointer(pcm_address), (count,))
    samples = carray(float32_pointer(samples_address), (count,))
    for i in range(count):
        samples[i] = np.float32(pcm[i]) * _ONE_STEP


@kernel("void(int64, int64, int64, float64, float64)")
def _ramp_to_pcm16(samples_address: int, pcm_address: int, count: int, gain_from: float, gain_to: float) -> None:
    samples = carray(float32_pointer(samples_address), (count,))
    pcm = carray(int16_pointer(pcm_address), (count,))
    step = (gain_to - gain_from) / max(count, 1)
    for i in range(count):
        gain = gain_from + step * np.float64(np.int32(i) + np.int32(1))
        pcm[i] = to_int16(np.float64(samples[i]) * gain * FULL_SCALE)


@inlined()
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


@kernel("void(int64, int64, int64, float64, float64, int64)")
def _dither_to_pcm16(
    samples_address: int, pcm_address: int, count: int, gain_from: float, gain_to: float, counter: int
) -> None:
    samples = carray(float32_pointer(samples_address), (count,))
    pcm = carray(int16_pointer(pcm_address), (count,))
    step = (gain_to - gain_from) / max(count, 1)
    for i in range(count):
        gain = gain_from + step * np.float64(np.int32(i) + np.int32(1))
        bits = _hashed(np.uint32(np.uint32(counter) + np.uint32(i)))
        # Two independent numbers of 16 bits; their difference is triangular over one step either way.
        difference = np.int32(np.int32(bits & np.uint32(0xFFFF)) - np.int32(bits >> np.uint32(16)))
        noise = np.float64(difference) * _DITHER_STEP
        pcm[i] = to_int16(np.float64(samples[i]) * gain * FULL_SCALE + noise)


@builtin
def float32_to_pcm16_internal(this: int, arguments: int, count: int) -> int:
    """What `float32_to_pcm16` calls: 60 ns into an array that is there.

    Of samples, the array to write to or None, two gains, and the counter of the dither or -1. TypeError for anything
    but plain arrays that fit.
    """
    if count != 5:
        return refused()
    gain_from, gain_to = as_float(load(arguments, 2)), as_float(load(arguments, 3))
    counter = as_integer(load(arguments, 4))
    if has_raised():
        return 0
    samples, out = load(arguments, 0), load(arguments, 1)
    if not is_float32_row(samples):
        return refused()
    frames = length_of(samples, 0)
    if is_none(out):
        pcm = new_int16_row(frames)
    elif is_int16_row(out) and is_writable(out) and length_of(out, 0) == frames:
        retain(out)
        pcm = out
    else:
        return refused()
    if pcm == 0:
        return pcm
    if counter >= 0:
        _dither_to_pcm16(data_of(samples), data_of(pcm), frames, gain_from, gain_to, counter)
    elif gain_from == 1.0 == gain_to:
        float32_to_pcm16_at(data_of(samples), data_of(pcm), frames)
    else:
        _ramp_to_pcm16(data_of(samples), data_of(pcm), frames, gain_from, gain_to)
    return pcm


@builtin
def pcm16_to_float32_internal(this: int, arguments: int, count: int) -> int:
    """What `pcm16_to_float32` calls, of samples, and the array to write to or None: 40 ns into one that is there."""
    if count != 2:
        return refused()
    pcm, out = load(arguments, 0), load(arguments, 1)
    if not is_int16_row(pcm):
        return refused()
    frames = length_of(pcm, 0)
    if is_none(out):
        samples = new_float32_row(frames)
    elif is_float32_row(out) and is_writable(out) and length_of(out, 0) == frames:
        retain(out)
        samples = out
    else:
        return refused()
    if samples != 0:
        pcm16_to_float32_at(data_of(pcm), data_of(samples), frames)
    return samples


@kernel("UniTuple(float64, 2)(int64, int64, int64, float64, float64)", fastmath=KEEPS_NAN)
def _meter_to_float32(
    pcm_address: int, samples_address: int, count: int, gain_from: float, gain_to: float
) -> tuple[float, float]:
    """Convert with a gain ramp; return the greatest magnitude and the mean square of what came in, in steps."""
    step = (gain_to - gain_from) / 32768.0 / max(count, 1)
    peak = np.int32(0)
    energy = 0.0
    for start in range(0, count, _SUMMED):
        # Loops that do not begin at 0 become no vectors: numba takes an index for one that may be negative.
        frames = min(_SUMMED, count - start)
        pcm = carray(int16_pointer(pcm_address + 2 * start), (frames,))
        samples = carray(float32_pointer(samples_address + 4 * start), (frames,))
        first = gain_from / 32768.0 + step * start
        part = np.float32(0.0)
        for i in range(frames):
            whole = np.int32(pcm[i])
            value = np.float32(whole)
            part += value * value
            peak = max(peak, abs(whole))
            samples[i] = np.float64(whole) * (first + step * np.float64(np.int32(i) + np.int32(1)))
        energy += np.float64(part)
    return np.float64(peak), energy / max(count, 1)


@builtin
def _to_float32_metered(this: int, arguments: int, count: int) -> int:
    """Of samples and two gains; returns the samples, the peak and the RMS."""
    if count != 3:
        return refused()
    gain_from, gain_to = as_float(load(arguments, 1)), as_float(load(arguments, 2))
    if has_raised():
        return 0
    pcm = load(arguments, 0)
    if not is_int16_row(pcm):
        return refused()
    frames = length_of(pcm, 0)
    samples = new_float32_row(frames)
    if samples == 0:
        return samples
    peak, power = _meter_to_float32(data_of(pcm), data_of(samples), frames, gain_from, gain_to)
    parts = scratch_words()
    store(parts, 0, samples)
    store(parts, 1, new_float(peak / 32768.0))
    store(parts, 2, new_float(math.sqrt(power) / 32768.0))
    return tuple_of(parts, 3)


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

    0.2 us, and 0.14 with `out`; 0.24 more with a gain ramp, 0.5 with dither, both in float64 up to the rounding.

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
    counter = _NO_DITHER if dither is None else dither.advance(samples.size)
    try:
        pcm: NDArray[np.int16] = float32_to_pcm16_internal(samples, out, gain_from, gain_to, counter)
    except TypeError:
        check_row(out, _INT16, samples.size)
        pcm = float32_to_pcm16_internal(as_float32(samples), out, gain_from, gain_to, counter)
    return pcm


def pcm16_to_float32(pcm: NDArray[np.int16], out: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
    """Scale int16 samples by 1/32768 to float32, exactly. 0.2 us, and 0.15 with `out`.

    Args:
        pcm: int16 of any shape and layout; taken as one row.
        out: Where to put them: contiguous float32, as many as there are samples; None makes a new array.

    Returns:
        1-D float32: `out`, or the new array.

    Raises:
        InvalidInputError: the samples are not int16, or `out` has another size or type.
    """
    try:
        samples: NDArray[np.float32] = pcm16_to_float32_internal(pcm, out)
    except TypeError:
        check_row(out, _FLOAT32, pcm.size)
        samples = pcm16_to_float32_internal(as_int16(pcm), out)
    return samples


def pcm16_to_float32_metered(
    pcm: NDArray[np.int16], gain_from: float = 1.0, gain_to: float = 1.0
) -> tuple[NDArray[np.float32], float, float]:
    """Scale int16 samples to float32 with a gain ramp, and meter them on the way.

    0.4 us where numpy takes 16 for the same in its five passes.

    Args:
        pcm: int16 of any shape and layout; taken as one row.
        gain_from: Linear gain before the first sample.
        gain_to: Linear gain of the last sample.

    Returns:
        The samples (1-D float32), and the peak and the RMS of what came in, linear (1.0 is full scale).

    Raises:
        InvalidInputError: the samples are not int16.
    """
    try:
        metered: tuple[NDArray[np.float32], float, float] = _to_float32_metered(pcm, gain_from, gain_to)
    except TypeError:
        metered = _to_float32_metered(as_int16(pcm), gain_from, gain_to)
    return metered
