"""Streaming resampling of float32 blocks for live audio: minimum phase, and nothing withheld.

A block goes in and all of its worth comes out, to one frame. The delay of the sound itself is that of the filters:
half a millisecond at 24 kHz, where libsoxr's HQ stream withholds 21 to 38 ms.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from engine.dsp.compile.library import library
from engine.dsp.resampler_filters import filters_for
from engine.dsp.resampler_state import ResamplerState
from engine.errors import InvalidInputError

LOWEST_HZ, HIGHEST_HZ = 4000, 768_000
MOST_PPM = 1000
"""Two clocks do not differ by more; those of sound cards by 100 parts in a million at most."""
_PIECE_MS = 100
"""The longest piece that takes one call; longer blocks are cut."""


class PolyphaseResampler:
    """A sharp filter that doubles or halves the rate, and a bank of filters for the rest of the ratio.

    Noise and distortion are 134 dB below a tone. For rates without a large common factor, such as 44,099 and 48,000 Hz,
    the bank is interpolated, and they are 128 dB below.
    """

    def __init__(self, source_hz: int, target_hz: int, *, adjustable: bool = False) -> None:
        """Take the filters from an earlier resampler of the pair or from the disk, or design them.

        Args:
            source_hz: Rate of what goes in.
            target_hz: Rate of what comes out; it may be the same where the ratio is adjustable.
            adjustable: `adjust` will be called. The bank is interpolated then, whatever the rates.

        Raises:
            InvalidInputError: a rate below 4 or above 768 kHz.
        """
        for rate_hz in (source_hz, target_hz):
            if not LOWEST_HZ <= rate_hz <= HIGHEST_HZ:
                raise InvalidInputError(
                    f"A rate of {rate_hz} Hz cannot be resampled.", fix=f"Use {LOWEST_HZ} to {HIGHEST_HZ} Hz."
                )
        self._source_hz, self._target_hz = source_hz, target_hz
        self._filters = filters_for(source_hz, target_hz, adjustable=adjustable)
        self._spare_ppm = MOST_PPM if adjustable else 0
        self._longest = source_hz * _PIECE_MS // 1000
        self._state = ResamplerState(self._filters, self._longest, self.most_out(self._longest))
        self._resample = library().resample

    @property
    def address(self) -> int:
        """For compiled code that resamples on its way; it goes on where `process` ended. 0: nothing is to be done."""
        return self._state.address

    @property
    def delay_frames(self) -> float:
        """Group delay at 1 kHz, in frames of the output's rate."""
        return self._target_hz * self._filters.delay_s

    def most_out(self, frames: int) -> int:
        """Return how many frames come out at most for so many that go in."""
        return frames * self._target_hz * (1_000_000 + self._spare_ppm) // (self._source_hz * 1_000_000) + 2

    def adjust(self, ppm: float) -> None:
        """Follow a source that runs so many parts in a million too fast, from the next block on, without a click.

        Args:
            ppm: What lies beyond `MOST_PPM` is cut off.
        """
        assert self._filters.bank is not None, "made adjustable"
        self._state.adjust(round(self._filters.bank.step * (1 + max(-MOST_PPM, min(MOST_PPM, ppm)) * 1e-6)))

    def process(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take a block (1-D float32, any length); return its worth, to one frame."""
        count = samples.size
        if samples.ndim != 1 or count > self._longest:
            row = samples.reshape(-1)
            cuts = range(self._longest, row.size, self._longest)
            return np.concatenate([self.process(piece) for piece in np.split(row, cuts)])
        # By way of the state's memory: to ask an array for its address takes longer than to copy it.
        state = self._state
        state.source[:count] = samples
        return state.target[: self._resample(state.address, count)].copy()

    def flush(self) -> NDArray[np.float32]:
        """Return what the filters still ring with, 2 to 26 ms; call `reset` before the next stream."""
        return self.process(np.zeros(math.ceil(self._source_hz * self._filters.length_s), np.float32))

    def reset(self) -> None:
        """Forget everything."""
        self._state.reset()


class PassThrough:
    """Equal rates: blocks go through untouched."""

    address = 0
    delay_frames = 0.0

    def most_out(self, frames: int) -> int:
        """As many as go in."""
        return frames

    def process(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the block itself."""
        return samples

    def flush(self) -> NDArray[np.float32]:
        """Nothing is held back."""
        return np.empty(0, np.float32)

    def reset(self) -> None:
        """Nothing to forget."""


Resampler = PolyphaseResampler | PassThrough
"""Turns blocks at one rate into blocks at another, as one stream."""


def make_resampler(source_hz: int, target_hz: int) -> Resampler:
    """Return the streaming resampler for a pair of rates.

    Example:
        >>> resampler = make_resampler(24000, 48000)
        >>> resampler.process(np.zeros(480, np.float32)).size
        960
    """
    return PassThrough() if source_hz == target_hz else PolyphaseResampler(source_hz, target_hz)
