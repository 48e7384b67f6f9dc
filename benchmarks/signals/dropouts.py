"""Audio that a device was given in time: the measure of every playback design."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

SETTLE_S = 0.3
"""A stream's first blocks come in a burst that fills the device's buffer."""
AHEAD_S = 1.0
"""Audio that every design buffers between Python and the audio thread."""
FEED_S = 0.05
"""Period at which the buffer is filled up."""
_CHANCE_BLOCKS = 2
"""Blocks that may be missing of a clean run: where in a block it begins and ends is chance."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One run of one design."""

    rate_hz: int
    block_frames: int
    took_s: float
    times_ns: list[int]
    """Time of each block's delivery, on one clock."""
    silent_frames: int
    """Delivered as silence because the design's own buffer had run dry."""
    on_audio_thread: str
    """Code that runs there: `compiled` or `python`."""

    @property
    def calls(self) -> int:
        """Blocks delivered."""
        return len(self.times_ns)

    @property
    def expected_calls(self) -> int:
        """Blocks that the device plays in the time."""
        return round(self.took_s * self.rate_hz / self.block_frames)

    @property
    def block_ms(self) -> float:
        """Length of a block."""
        return 1000 * self.block_frames / self.rate_hz

    @property
    def gaps_ms(self) -> list[float]:
        """From each block to the next."""
        return [(after - before) / 1e6 for before, after in pairwise(self.times_ns)]

    @property
    def broken_ms(self) -> float:
        """Sound that should have been played and was not: blocks that never came, and silence in place of sound."""
        missing = max(0, self.expected_calls - self.calls - _CHANCE_BLOCKS)
        return missing * self.block_ms + 1000 * self.silent_frames / self.rate_hz

    @property
    def lost(self) -> float:
        """Share of the sound that was broken, 0 to 1."""
        whole_ms = self.expected_calls * self.block_ms
        return min(1.0, self.broken_ms / whole_ms) if whole_ms else 0.0
