"""Segments: the playback positions that each answer item occupies, and what of it was heard when it was cut."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ItemKey:
    """One audio part of one answer item."""

    item_id: str
    content_index: int


@dataclass(frozen=True, slots=True)
class Heard:
    """The part of an item that the device had taken when playback was stopped; milliseconds at the wire's rate."""

    key: ItemKey
    heard_ms: int
    received_ms: int
    complete: bool = field(default=False, compare=False)
    """Whether all of its audio had come."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The end of an interruption, as the kernel carried it out."""

    heard: tuple[Heard, ...]
    """Items whose audio was not wholly heard, oldest first."""
    silence_ms: float
    """From `Player.stop` to the end of the fade."""
    by_user: bool = True
    """False where nobody interrupted: the device was away too long."""


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
    first_sample: int = 0
    """The sample of the item that lies at `start`: not the first where the item began on another device."""
    kept: deque[memoryview] = field(default_factory=deque, repr=False)
    """The wire's PCM16 that has not been heard, to be rendered again if the device is lost."""
    kept_from: int = 0
    """The sample of the item that `kept` begins with."""

    def count(self, samples: int) -> None:
        """Count audio that has come."""
        self.received_samples += samples
        self.unwritten_samples += samples

    def keep(self, pcm16: memoryview) -> None:
        """Keep audio that has come and was counted."""
        self.kept.append(pcm16)

    def is_over(self, heard_samples: int) -> bool:
        """Whether all of it has come, and so much is all of it."""
        return self.complete and heard_samples >= self.received_samples

    def forget_before(self, sample: int) -> None:
        """Let go of the pieces that lie wholly before a sample."""
        while self.kept and self.kept_from + len(self.kept[0]) // 2 <= sample:
            self.kept_from += len(self.kept.popleft()) // 2

    def begin_again(self, sample: int) -> Iterator[memoryview]:
        """Forget where the item lay; return its audio from a sample on, to be laid somewhere else."""
        self.forget_before(sample)
        self.first_sample = sample
        self.unwritten_samples = self.received_samples - sample
        self.start = self.end = 0
        skipped = 2 * (sample - self.kept_from)
        for number, piece in enumerate(list(self.kept)):
            yield piece if number else piece[skipped:]

    @property
    def is_unplaced(self) -> bool:
        """True while nothing of it has been laid into the ring."""
        return self.unwritten_samples == self.received_samples - self.first_sample

    def heard_samples(self, cut_at: int, ratio: float, delay_frames: float) -> int:
        """Samples at the wire's rate that lie before playback position `cut_at`.

        Args:
            cut_at: The device took everything before it.
            ratio: Wire rate divided by device rate.
            delay_frames: Frames that the resampler adds in front, at the device's rate.
        """
        taken_frames = min(cut_at, self.end) - self.start
        if self.complete and self.unwritten_samples == 0 and cut_at >= self.end:
            return self.received_samples
        sample = self.first_sample + round((taken_frames - delay_frames) * ratio)
        return max(self.first_sample, min(sample, self.received_samples))
