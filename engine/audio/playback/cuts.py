"""Requests to stop, until the kernel has carried them out: then each becomes a cut that says what was heard."""

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
class _Stop:
    """A request that the kernel has not yet carried out."""

    asked: int
    at_s: float
    segments: list[Segment] = field(default_factory=list)
    by_user: bool = True

    @property
    def since_ms(self) -> float:
        return 1000 * (loop_time_s() - self.at_s)

    def has_no_kernel(self, port: AudioPort) -> bool:
        """Whether it found nothing to drop, or a kernel that does not run."""
        return self.asked <= port.dropped_before or self.since_ms > 1000 * _LOST_KERNEL_S


class Stops:
    """The stops of one player, oldest first, and the cuts they became.

    Args:
        wire_rate_hz: In which milliseconds are counted.
        heard_samples: How many samples of a segment lie before a position of the ring.
    """

    def __init__(self, wire_rate_hz: int, heard_samples: Callable[[Segment, int], int]) -> None:
        self._wire_rate_hz = wire_rate_hz
        self._heard_samples = heard_samples
        self.pending: deque[_Stop] = deque()
        """What waits for the kernel."""
        self.cuts: deque[Cut] = deque()
        """What the others became, to be taken."""

    def ask(self, position: int, segments: list[Segment], *, by_user: bool) -> None:
        """Note that everything before a position is to be dropped."""
        self.pending.append(_Stop(position, loop_time_s(), segments, by_user))

    def settle(self, port: AudioPort, taken: int, *, device_gone: bool) -> None:
        """Turn the stops that the kernel has carried out, or never will, into cuts.

        Args:
            port: Whose kernel was asked.
            taken: The device has taken everything before this position.
            device_gone: Whether it takes no more.
        """
        while self.pending:
            stop = self.pending[0]
            record = next((cut for cut in port.cuts() if cut.asked >= stop.asked), None)
            if record is not None:
                silence_ms = max(0.0, record.at_ns / 1e6 - stop.at_s * 1000) if record.at_ns else stop.since_ms
                cut_at = record.cut_at
            elif device_gone or stop.has_no_kernel(port):
                silence_ms, cut_at = stop.since_ms, taken
            else:
                return
            self.pending.popleft()
            self.cuts.append(Cut(self._unheard(stop.segments, cut_at), silence_ms, stop.by_user))

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
