"""Channels: any number of them to one, and one to any number."""

from __future__ import annotations

import numpy as np
from numba import carray
from numpy.typing import NDArray

from engine.dsp.arrays import is_row
from engine.dsp.atomics import float32_pointer
from engine.dsp.compiled import KEEPS_NAN, kernel
from engine.errors import InvalidInputError

_FLOAT32 = np.dtype(np.float32)


@kernel("float64(int64, int64, int64, int64)", inline=True, fastmath=KEEPS_NAN)
def downmix_at(target: int, source: int, frames: int, channels: int) -> float:
    """Internal path by address: the mean of the channels of each interleaved frame; returns the sum of squares."""
    mono = carray(float32_pointer(target), (frames,))
    interleaved = carray(float32_pointer(source), (frames * channels,))
    energy = np.float32(0.0)
    if channels == 1:
        for i in range(frames):
            value = interleaved[i]
            mono[i] = value
            energy += value * value
    elif channels == 2:
        half = np.float32(0.5)
        for i in range(frames):
            mean = (interleaved[2 * i] + interleaved[2 * i + 1]) * half
            mono[i] = mean
            energy += mean * mean
    else:
        share = np.float32(1.0) / np.float32(channels)
        for i in range(frames):
            total = np.float32(0.0)
            for channel in range(channels):
                total += interleaved[i * channels + channel]
            mono[i] = total * share
            energy += mono[i] * mono[i]
    return np.float64(energy)


@kernel("void(int64, int64, int64)", inline=True)
def spread_at(samples: int, frames: int, channels: int) -> None:
    """Internal path by address: copy the mono samples at a block's front to all channels, in place."""
    block = carray(float32_pointer(samples), (frames * channels,))
    for i in range(frames - 1, -1, -1):
        value = block[i]
        for channel in range(channels):
            block[i * channels + channel] = value


@kernel("void(float32[:, ::1], float32[::1])")
def _downmix(frames: NDArray[np.float32], mono: NDArray[np.float32]) -> None:
    downmix_at(mono.ctypes.data, frames.ctypes.data, frames.shape[0], frames.shape[1])


@kernel("void(float32[::1], float32[:, ::1])")
def _upmix(mono: NDArray[np.float32], frames: NDArray[np.float32]) -> None:
    for i in range(frames.shape[0]):
        for channel in range(frames.shape[1]):
            frames[i, channel] = mono[i]


def downmix(frames: NDArray[np.float32], out: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
    """Return the mean of the channels. 0.45 us for 480 stereo frames, 0.3 with `out`; numpy's mean takes 11.

    Args:
        frames: Shape (frames, channels), float32.
        out: Where to put them: contiguous float32, shape (frames,); None makes a new array.

    Returns:
        Shape (frames,), float32: `out`, or the new array.

    Raises:
        InvalidInputError: the array has not two dimensions, or no channel, or `out` does not fit.
    """
    if frames.ndim != 2 or frames.shape[1] == 0:
        raise InvalidInputError(f"Frames of shape (frames, channels) are needed, not {frames.shape}.")
    mono = np.empty(frames.shape[0], _FLOAT32) if out is None else out
    if mono.size != frames.shape[0]:
        raise InvalidInputError(f"{frames.shape[0]} frames do not fit into {mono.size}.")
    try:
        _downmix(frames, mono)
    except TypeError:
        if not is_row(mono, _FLOAT32):
            raise InvalidInputError("Mono samples go into a contiguous row of float32.") from None
        _downmix(np.array(frames, np.float32, order="C"), mono)
    return mono


def upmix(samples: NDArray[np.float32], channels: int, out: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
    """Return mono samples on every channel. 0.6 us for 480 frames of stereo, 0.4 with `out`.

    Args:
        samples: 1-D float32.
        channels: How many.
        out: Where to put them: contiguous float32, shape (frames, channels); None makes a new array.

    Returns:
        Shape (frames, channels), float32: `out`, or the new array.

    Raises:
        InvalidInputError: the samples are not 1-D, there is no channel, or `out` does not fit.
    """
    if samples.ndim != 1 or channels < 1:
        raise InvalidInputError(f"Mono samples and at least one channel are needed, not {samples.shape}, {channels}.")
    frames = np.empty((samples.size, channels), _FLOAT32) if out is None else out
    if frames.shape != (samples.size, channels):
        raise InvalidInputError(f"Frames of shape {(samples.size, channels)} do not fit into {frames.shape}.")
    try:
        _upmix(samples, frames)
    except TypeError:
        if frames.dtype != _FLOAT32 or not frames.flags.carray:
            raise InvalidInputError("Frames go into contiguous float32.") from None
        _upmix(np.array(samples, np.float32), frames)
    return frames
