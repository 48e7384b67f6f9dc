"""Playback queue: audio of the wire that waits for room in the ring, whole and in order, and is resampled into it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from engine.audio.playback.segments import Segment
from engine.audio.port.ring import Ring
from engine.dsp.pcm16 import pcm16_to_float32
from engine.dsp.resample import make_resampler

_PIECE_MS, _MOST_PIECES = 100, 10
"""Queued audio is resampled in pieces of this length, at most so many in a row: 1 s of audio holds the event loop for
about a millisecond, and a whole answer that came at once for 50."""
_SMALLEST_MS = 10
"""Deltas shorter than this are gathered: a server may send byte by byte."""
_END = memoryview(b"")
"""In the queue: the segment is complete, and what the resampler still rings with is its end."""


class PlaybackQueue:
    """PCM16 of the segments that are not in the ring yet."""

    def __init__(self, wire_rate_hz: int, *, max_queued_s: float) -> None:
        self._wire_rate_hz = wire_rate_hz
        self._piece_bytes = 2 * (wire_rate_hz * _PIECE_MS // 1000)
        self._smallest_bytes = 2 * (wire_rate_hz * _SMALLEST_MS // 1000)
        self._max_bytes = 2 * int(max_queued_s * wire_rate_hz)
        self._waiting: deque[tuple[Segment, memoryview]] = deque()
        self._gathered = bytearray()
        """Deltas of the newest segment that are too short to be queued each by itself."""
        self._bytes = 0

    def use(self, ring: Ring, rate_hz: int) -> None:
        """Fill that ring, of a device of that rate, from now on."""
        self._ring, self._rate_hz = ring, rate_hz
        self._resampler = make_resampler(self._wire_rate_hz, rate_hz)
        self._backlog: NDArray[np.float32] = np.empty(0, np.float32)

    def add(self, segment: Segment, pcm16: memoryview) -> int:
        """Queue whole samples of the newest segment; return how many bytes found no room."""
        taken = min(len(pcm16), self._max_bytes - self._bytes)
        # Of a piece that is cut, the rest is let go: a slice would keep all of it.
        audio = pcm16 if taken == len(pcm16) else memoryview(bytes(pcm16[:taken]))
        segment.count(taken // 2)
        self._bytes += taken
        if self._gathered or taken < self._smallest_bytes:
            self._gathered += audio
            if len(self._gathered) >= self._smallest_bytes:
                self._queue_gathered(segment)
        else:
            self._queue(segment, audio)
        return len(pcm16) - taken

    def end(self, segment: Segment) -> None:
        """Queue the end of the newest segment."""
        self._queue_gathered(segment)
        self._waiting.append((segment, _END))

    def begin_again(self, heard: Iterable[tuple[Segment, int]]) -> None:
        """Queue what follows the given sample of each segment, and nothing else."""
        self.clear()
        for segment, sample in heard:
            self._waiting.extend((segment, piece) for piece in segment.begin_again(sample))
            if segment.complete:
                self._waiting.append((segment, _END))
        self._bytes = sum(len(piece) for _, piece in self._waiting)

    def gather_no_more(self, segment: Segment | None) -> None:
        """Queue what was gathered of the newest segment, if anything was."""
        if segment is not None:
            self._queue_gathered(segment)

    def clear(self) -> None:
        """Forget everything."""
        self._waiting.clear()
        self._gathered = bytearray()
        self._bytes = 0
        self._backlog = self._backlog[:0]
        self._resampler.reset()

    def fill(self) -> bool:
        """Move a second of audio, or as much as fits, through the resampler into the ring.

        Returns:
            Whether more would have fitted: the loop has other work too, and should come back soon.
        """
        for _ in range(_MOST_PIECES):
            if not (self._push_backlog() and self._waiting):
                return False
            segment, data = self._waiting.popleft()
            piece, rest = data[: self._piece_bytes], data[self._piece_bytes :]
            if len(rest):
                self._waiting.appendleft((segment, rest))
            self._bytes -= len(piece)
            if segment.is_unplaced:
                segment.start = segment.end = self._ring.head
            if len(piece):
                frames = self._resampler.process(pcm16_to_float32(np.frombuffer(piece, "<i2")))
            else:
                frames = self._resampler.flush()
                self._resampler.reset()
            segment.unwritten_samples -= len(piece) // 2
            segment.end += frames.size
            self._backlog = frames
        return self._push_backlog() and bool(self._waiting)

    @property
    def empty(self) -> bool:
        """True when everything is in the ring, but for what is being gathered."""
        return not self._waiting and not self._backlog.size

    @property
    def drained(self) -> bool:
        """True when everything is in the ring."""
        return self.empty and not self._gathered

    @property
    def next_is_complete(self) -> bool:
        """True when all of the segment that is next has come."""
        return bool(self._waiting) and self._waiting[0][0].complete

    @property
    def next_position(self) -> int:
        """The ring's position after all that has been resampled."""
        return self._ring.head + self._backlog.size

    def heard_samples(self, segment: Segment, cut_at: int) -> int:
        """Samples of a segment, at the wire's rate, that lie before a position of the ring."""
        return segment.heard_samples(cut_at, self._wire_rate_hz / self._rate_hz, self._resampler.delay_frames)

    def _push_backlog(self) -> bool:
        """Put what an earlier call could not; True once nothing of it is left."""
        if self._backlog.size:
            self._backlog = self._backlog[self._ring.put(self._backlog) :]
        return not self._backlog.size

    def _queue_gathered(self, segment: Segment) -> None:
        if self._gathered:
            gathered, self._gathered = self._gathered, bytearray()
            self._queue(segment, memoryview(gathered))

    def _queue(self, segment: Segment, audio: memoryview) -> None:
        segment.keep(audio)
        self._waiting.append((segment, audio))
