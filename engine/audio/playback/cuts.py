"""Cuts: requests to stop until the kernel has carried them out, then what was heard of each."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from engine.audio.clock import loop_time_s
from engine.audio.playback.segments import Cut, Heard, Segment
from engine.audio.port.audio_port import AudioPort

_LOST_KERNEL_S = 0.5
"""A kernel that has not answered a stop for so long is not running: a block lasts 200 ms at the very most."""


@dataclass(slots=True)
class _PendingCut:
    """A request that the kernel has not yet carried out."""

    position: int
    at_s: float
    segments: list[Segment] = field(default_factory=list)
    by_user: bool = True

    @property
    def since_ms(self) -> float:
        return 1000 * (loop_time_s() - self.at_s)

    def has_no_kernel(self, port: AudioPort) -> bool:
        """Whether it found nothing to drop, or a kernel that does not run."""
        return self.position <= port.dropped_before or self.since_ms > 1000 * _LOST_KERNEL_S


class PlaybackCuts:
    """The cuts of one player, oldest first, pending and settled.

    Args:
        wire_rate_hz: Rate of the samples that milliseconds are counted in.
        heard_samples: Counts the samples of a segment that lie before a position of the ring.
    """

    def __init__(self, wire_rate_hz: int, heard_samples: Callable[[Segment, int], int]) -> None:
        self._wire_rate_hz = wire_rate_hz
        self._heard_samples = heard_samples
        self.pending: deque[_PendingCut] = deque()
        """Those that wait for the kernel."""
        self.settled: deque[Cut] = deque()
        """Results of the others, to be taken."""

    def ask(self, position: int, segments: list[Segment], *, by_user: bool) -> None:
        """Note that everything before a position is to be dropped.

        Args:
            position: Frame of the playback ring.
            segments: The segments that were playing or queued.
            by_user: False where the answer was given up, not interrupted.
        """
        self.pending.append(_PendingCut(position, loop_time_s(), segments, by_user))

    def settle(self, port: AudioPort, taken: int, *, device_gone: bool) -> None:
        """Settle the cuts that the kernel has made, or never will.

        Args:
            port: The port whose kernel was asked.
            taken: The device has taken everything before this position.
            device_gone: Whether it takes no more.
        """
        while self.pending:
            asked = self.pending[0]
            record = next((cut for cut in port.cuts() if cut.asked >= asked.position), None)
            if record is not None:
                silence_ms = max(0.0, record.at_ns / 1e6 - asked.at_s * 1000) if record.at_ns else asked.since_ms
                cut_at = record.cut_at
            elif device_gone or asked.has_no_kernel(port):
                silence_ms, cut_at = asked.since_ms, taken
            else:
                return
            self.pending.popleft()
            self.settled.append(Cut(self._unheard(asked.segments, cut_at), silence_ms, asked.by_user))

    def _unheard(self, segments: list[Segment], cut_at: int) -> tuple[Heard, ...]:
        unheard = []
        for segment in segments:
            heard = self._heard_samples(segment, cut_at)
            if segment.is_over(heard):
                continue
            received_ms = 1000 * segment.received_samples // self._wire_rate_hz
            heard_ms = min(round(1000 * heard / self._wire_rate_hz), received_ms)
            unheard.append(Heard(segment.key, heard_ms, received_ms, segment.complete))
        return tuple(unheard)
