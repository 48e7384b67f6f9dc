"""Which interval of playback positions each answer item occupies, and what of it was heard when it was cut."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ItemKey:
    """One audio part of one answer item."""

    item_id: str
    content_index: int


@dataclass(frozen=True, slots=True)
class Heard:
    """How much of an item the device had taken when playback was stopped; milliseconds at the wire's rate."""

    key: ItemKey
    heard_ms: int
    received_ms: int


@dataclass(frozen=True, slots=True)
class Cut:
    """The end of an interruption, as the kernel carried it out."""

    heard: tuple[Heard, ...]
    """Items whose audio was not wholly heard, oldest first."""
    silence_ms: float
    """From `Player.stop` to the end of the fade."""


@dataclass(slots=True)
class Segment:
    """The run of playback positions that one item occupies."""

    key: ItemKey
    start: int
    """Position of its first frame."""
    end: int
    """Position after its newest frame."""
    received_samples: int = 0
    """At the wire's rate, queued ones included."""
    complete: bool = False
    """No more audio will come."""
    leftover: bytes = b""
    """The first byte of a sample whose second has not come yet."""
    unwritten_samples: int = 0
    """Received, but not yet in the ring."""

    def heard_samples(self, cut_at: int, ratio: float, delay_frames: float) -> int:
        """Samples at the wire's rate that lie before playback position `cut_at`.

        Args:
            cut_at: The device took everything before it.
            ratio: Wire rate divided by device rate.
            delay_frames: What the resampler adds in front, at the device's rate.
        """
        taken_frames = min(cut_at, self.end) - self.start
        if self.complete and self.unwritten_samples == 0 and cut_at >= self.end:
            return self.received_samples
        return max(0, min(round((taken_frames - delay_frames) * ratio), self.received_samples))
