"""A long FIR filter over a stream of blocks, at little cost."""

from __future__ import annotations

import numpy as np

from benchmarks.signals.room import Signal


class Convolver:
    """A long FIR filter over blocks of one length, in the frequency domain: the partitions of overlap-save."""

    def __init__(self, response: Signal, block: int) -> None:
        padded = np.pad(response, (0, -response.size % block)).reshape(-1, block)
        self._filter = np.fft.rfft(padded, 2 * block, axis=1).astype(np.complex64)
        self._spectra = np.zeros_like(self._filter)
        self._window = np.zeros(2 * block, np.float32)
        self._at = 0

    def __call__(self, block: Signal) -> Signal:
        """Return the next block of the output."""
        size = block.size
        self._window[:size] = self._window[size:]
        self._window[size:] = block
        count = len(self._filter)
        self._at = (self._at - 1) % count
        self._spectra[self._at] = np.fft.rfft(self._window)
        older = count - self._at
        total = np.einsum("ij,ij->j", self._filter[:older], self._spectra[self._at :])
        total += np.einsum("ij,ij->j", self._filter[older:], self._spectra[: self._at])
        return np.fft.irfft(total)[size:].astype(np.float32)
