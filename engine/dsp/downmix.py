"""Channels: any number of them to one, and one to any number."""

from __future__ import annotations

import numpy as np
from numba import carray
from numpy.typing import NDArray

from engine.dsp.atomics import float32_pointer
from engine.dsp.compiled import kernel
from engine.errors import InvalidInputError


@kernel("float64(int64, int64, int64, int64)", inline=True)
def downmix_at(target: int, source: int, frames: int, channels: int) -> float:
    """Internal path by address: the mean of the channels of each interleaved frame; returns the sum of squares."""
    mono = carray(float32_pointer(target), (frames,))
    interleaved = carray(float32_pointer(source), (frames * channels,))
    energy = 0.0
    if channels == 1:
        for i in range(frames):
            value = interleaved[i]
            mono[i] = value
            energy += value * value
    else:
        share = np.float32(1.0) / np.float32(channels)
        for i in range(frames):
            total = np.float32(0.0)
            for channel in range(channels):
                total += interleaved[i * channels + channel]
            mean = total * share
            mono[i] = mean
            energy += float(mean * mean)
    return energy


@kernel("void(int64, int64, int64)", inline=True)
def spread_at(samples: int, frames: int, channels: int) -> None:
    """Internal path by address: copy the mono samples at a block's front to all channels, in place."""
    block = carray(float32_pointer(samples), (frames * channels,))
    for i in range(frames - 1, -1, -1):
        value = block[i]
        for channel in range(channels):
            block[i * channels + channel] = value


@kernel("float64(int64, int64, int64, int64)")
def _downmix(target: int, source: int, frames: int, channels: int) -> float:
    return float(downmix_at(target, source, frames, channels))


@kernel("void(int64, int64, int64)")
def _spread(samples: int, frames: int, channels: int) -> None:
    spread_at(samples, frames, channels)


def downmix(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean of the channels.

    Args:
        frames: Shape (frames, channels), float32.

    Returns:
        Shape (frames,), float32.

    Raises:
        InvalidInputError: the array has not two dimensions, or no channel.
    """
    frames = np.ascontiguousarray(frames, np.float32)
    if frames.ndim != 2 or frames.shape[1] == 0:
        raise InvalidInputError(f"Frames of shape (frames, channels) are needed, not {frames.shape}.")
    mono = np.empty(frames.shape[0], np.float32)
    _downmix(mono.ctypes.data, frames.ctypes.data, *frames.shape)
    return mono


def upmix(samples: NDArray[np.float32], channels: int) -> NDArray[np.float32]:
    """Return mono samples (1-D float32) on every one of `channels` channels, as (frames, channels).

    Raises:
        InvalidInputError: the samples are not 1-D, or there is no channel.
    """
    samples = np.asarray(samples, np.float32)
    if samples.ndim != 1 or channels < 1:
        raise InvalidInputError(f"Mono samples and at least one channel are needed, not {samples.shape}, {channels}.")
    frames = np.empty((samples.size, channels), np.float32)
    frames.reshape(-1)[: samples.size] = samples
    _spread(frames.ctypes.data, samples.size, channels)
    return frames
