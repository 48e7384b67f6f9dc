"""Rings between the audio thread and Python, as Python sees them; `engine.audio.kernels.ring` says how they work."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.audio.kernels.ring_layout import CAPACITY, RING_WORDS, SAMPLES
from engine.dsp.compile.library import library
from engine.dsp.memory import Pinned, address_of, aligned_samples, aligned_words, is_plain
from engine.errors import InvalidInputError

_FLOAT32 = np.dtype(np.float32)


class Ring(Pinned):
    """Owns the memory of one ring; one thread at a time puts, and one at a time takes.

    Example:
        >>> ring = Ring(1024)
        >>> ring.put(np.ones(100, np.float32))
        100
        >>> ring.get(480).shape
        (100,)
    """

    def __init__(self, capacity: int) -> None:
        """Make a ring of `capacity` samples.

        Raises:
            InvalidInputError: the capacity is not positive.
        """
        if capacity < 1:
            raise InvalidInputError(f"A ring of {capacity} samples is impossible.")
        self.capacity = capacity
        self._samples, self._words = aligned_samples(capacity), aligned_words(RING_WORDS)
        self._words[SAMPLES] = self._samples.ctypes.data
        self._words[CAPACITY] = capacity
        self.handle = int(self._words.ctypes.data)
        """Address of the ring for kernels; whoever keeps it keeps the ring."""

    @property
    def head(self) -> int:
        """Samples put since the start."""
        return library().ring_head(self.handle)

    @property
    def tail(self) -> int:
        """Samples taken or dropped since the start."""
        return library().ring_tail(self.handle)

    def put(self, samples: NDArray[np.float32]) -> int:
        """Copy as many of `samples` (1-D, contiguous float32) as fit; return that number.

        Raises:
            InvalidInputError: another shape or dtype, of which nothing is copied.
        """
        if not is_plain(samples, _FLOAT32, 1):
            raise InvalidInputError("A ring takes contiguous one-dimensional float32 samples.")
        return library().ring_put(self.handle, address_of(samples), samples.size)

    def get(self, count: int) -> NDArray[np.float32]:
        """Take up to `count` samples; return a new float32 array of as many as there were.

        Raises:
            InvalidInputError: a negative count, or no whole number.
        """
        if not isinstance(count, int | np.integer) or count < 0:
            raise InvalidInputError(f"{count} samples cannot be taken.")
        ready = self.head - self.tail
        samples = np.empty(min(int(count), ready), np.float32)
        library().ring_get(self.handle, address_of(samples), samples.size)
        return samples
