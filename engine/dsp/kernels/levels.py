"""Gain ramps, peaks, and channels mixed down and spread, by address."""

from __future__ import annotations

import numpy as np
from numba import carray

from engine.dsp.compile.declare import KEEPS_NAN, inlined
from engine.dsp.compile.intrinsics import float32_pointer


@inlined()
def ramp(samples: int, count: int, gain_from: float, gain_to: float) -> None:
    """Multiply in place by a gain that grows evenly and reaches `gain_to` at the last sample.

    Args:
        samples: Address of `count` float32.
        count: Number of samples.
        gain_from, gain_to: Linear factors before the first sample and at the last.
    """
    block = carray(float32_pointer(samples), (count,))
    first = np.float32(gain_from)
    step = np.float32((gain_to - gain_from) / max(count, 1))
    for i in range(count):
        block[i] *= first + step * np.float32(i + 1)


@inlined(fastmath=KEEPS_NAN)
def peak_of(samples: int, count: int) -> float:
    """Return the greatest magnitude.

    Args:
        samples: Address of `count` float32.
        count: Number of samples; 0.0 is returned for none.
    """
    block = carray(float32_pointer(samples), (count,))
    peak = np.float32(0.0)
    for i in range(count):
        peak = max(peak, abs(block[i]))
    return np.float64(peak)


@inlined(fastmath=KEEPS_NAN)
def downmix(target: int, source: int, frames: int, channels: int) -> float:
    """Write the mean of the channels of each interleaved frame; return the sum of squares.

    A frame with a NaN becomes silence: one would stay in an echo canceller for ever.

    Args:
        target: Address of room for `frames` float32, mono.
        source: Address of `frames` interleaved float32 frames.
        frames: Number of frames.
        channels: Channels of the source.
    """
    mono = carray(float32_pointer(target), (frames,))
    interleaved = carray(float32_pointer(source), (frames * channels,))
    share = np.float32(1.0) / np.float32(channels)
    energy = np.float32(0.0)
    for i in range(frames):
        total = np.float32(0.0)
        for channel in range(channels):
            total += interleaved[i * channels + channel]
        mean = total * share
        mean = mean if mean == mean else np.float32(0.0)  # noqa: PLR0124 - only NaN differs from itself
        mono[i] = mean
        energy += mean * mean
    return np.float64(energy)


@inlined()
def spread(samples: int, frames: int, channels: int) -> None:
    """Copy the mono samples at a block's front to all its channels, in place.

    Args:
        samples: Address of room for `frames` interleaved float32 frames, at whose front `frames` mono samples lie.
        frames: Number of frames.
        channels: Channels of the block.
    """
    block = carray(float32_pointer(samples), (frames * channels,))
    for i in range(frames - 1, -1, -1):
        value = block[i]
        for channel in range(channels):
            block[i * channels + channel] = value
