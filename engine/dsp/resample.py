"""Streaming resampling of float32 blocks."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import soxr
from numpy.typing import NDArray


class Resampler(Protocol):
    """Turns blocks at one rate into blocks at another, as one stream."""

    delay_frames: float

    def process(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take a block (1-D float32, any length), return what is ready."""
        ...

    def flush(self) -> NDArray[np.float32]:
        """Return the tail; call `reset` before the next stream."""
        ...

    def reset(self) -> None:
        """Forget everything."""
        ...


class SoxrResampler:
    """libsoxr's HQ stream: any pair of rates; withholds 21 to 38 ms but shifts nothing."""

    delay_frames = 0.0

    def __init__(self, source_hz: int, target_hz: int) -> None:
        self._stream = soxr.ResampleStream(source_hz, target_hz, 1, dtype="float32", quality="HQ")

    def process(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take a block, return what is ready."""
        return self._stream.resample_chunk(samples)

    def flush(self) -> NDArray[np.float32]:
        """Return the tail."""
        return self._stream.resample_chunk(np.empty(0, np.float32), last=True)

    def reset(self) -> None:
        """Forget everything."""
        self._stream.clear()


class PassThrough:
    """Equal rates: blocks go through untouched."""

    delay_frames = 0.0

    def process(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the block itself."""
        return samples

    def flush(self) -> NDArray[np.float32]:
        """Nothing is held back."""
        return np.empty(0, np.float32)

    def reset(self) -> None:
        """Nothing to forget."""


def make_resampler(source_hz: int, target_hz: int) -> Resampler:
    """Return the best streaming resampler for a pair of rates."""
    return PassThrough() if source_hz == target_hz else SoxrResampler(source_hz, target_hz)
