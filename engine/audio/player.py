"""The player: turns answers from the wire into frames of the playback ring, and knows to the frame what was heard.

Answers arrive faster than they sound. What the ring has no room for waits here, whole and in order, up to 30 minutes.
An interruption is one atomic store: the kernel fades what sounds and jumps, and reports where; nothing that was
queued before it is ever played after it. A device that is lost takes nothing with it: what was not heard is kept as
it came, and rendered again for the next device, whatever its rate.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.audio.clock import loop_time_s
from engine.audio.control import NEVER
from engine.audio.port import AudioPort
from engine.audio.ring import Ring
from engine.audio.segments import Cut, Heard, ItemKey, Segment
from engine.dsp.pcm16 import pcm16_to_float32
from engine.dsp.resample import make_resampler
from engine.errors import InvalidInputError

MAX_QUEUED_S = 30 * 60
"""Beyond this, audio is dropped and counted: 160 MB at 44.1 kHz."""
_PIECE_MS = 100
"""Queued audio is resampled in pieces of this length, so that no single step holds the event loop for long."""
_LOST_KERNEL_S = 0.5
"""A kernel that has not answered a stop for so long is not running: a block lasts 200 ms at the very most."""
_MAX_REPLAY_S = 0.5
"""How much of what the lost device had taken, but not played, may be played again."""


@dataclass(slots=True)
class _Stop:
    """A request to stop that the kernel has not yet carried out."""

    asked: int
    at_s: float
    segments: list[Segment] = field(default_factory=list)
    by_user: bool = True


class Player:
    """Plays the answers of one session through a port; used from the event loop only.

    Example:
        >>> player = Player(port, wire_rate_hz=24000)
        >>> player.write(ItemKey("item_1", 0), pcm16)
        >>> player.end_item(ItemKey("item_1", 0))
        0
        >>> player.stop()               # the user speaks
        >>> player.take_cut()           # None until the kernel has faded, one block later
    """

    def __init__(self, port: AudioPort, wire_rate_hz: int, *, max_queued_s: float = MAX_QUEUED_S) -> None:
        """Play PCM16 of `wire_rate_hz` on a port whose output is attached.

        Raises:
            InvalidInputError: the port has no output.
        """
        if port.playback is None:
            raise InvalidInputError("The player needs a port with an output.")
        self._wire_rate_hz = wire_rate_hz
        self._backlog: NDArray[np.float32]
        self._use(port, port.playback)
        self._piece_bytes = 2 * (wire_rate_hz * _PIECE_MS // 1000)
        self._max_queued_bytes = 2 * int(max_queued_s * wire_rate_hz)
        self._queue: deque[tuple[Segment, memoryview]] = deque()
        self._queued_bytes = 0
        self._segments: deque[Segment] = deque()
        self._stops: deque[_Stop] = deque()
        self._cuts: deque[Cut] = deque()
        self._gone_at: int | None = None
        """Where the device had come to when it was lost; None while there is one."""
        self._wake_at = NEVER
        self.dropped_frames = 0
        """Samples at the wire's rate that found the queue full."""

    def write(self, key: ItemKey, pcm16: bytes | memoryview) -> None:
        """Append audio of an item: PCM16 little-endian mono at the wire's rate.

        An odd byte waits for its other half in the next call for the same item. A new key ends the item before.
        """
        segment = self._segment_of(key)
        data = segment.leftover + pcm16 if segment.leftover else pcm16
        whole = len(data) & ~1
        segment.leftover = bytes(data[whole:])
        room = self._max_queued_bytes - self._queued_bytes
        taken = min(whole, room)
        self.dropped_frames += (whole - taken) // 2
        if taken <= 0:
            return
        audio = memoryview(data)[:taken]
        segment.keep(audio)
        self._queue.append((segment, audio))
        self._queued_bytes += taken
        self._fill()

    def end_item(self, key: ItemKey) -> int:
        """Note that an item's audio is complete; return how many left-over bytes (0 or 1) were no sample."""
        segment = self._open_segment()
        if segment is None or segment.key != key:
            return 0
        segment.complete = True
        self._queue.append((segment, memoryview(b"")))
        self._fill()
        return len(segment.leftover)

    def stop(self, *, by_user: bool = True) -> None:
        """Fade out what sounds and drop everything written so far; `take_cut` then tells what was heard."""
        self._queue.clear()
        self._queued_bytes = 0
        self._backlog = self._backlog[:0]
        self._resampler.reset()
        asked = self._ring.head
        self._stops.append(_Stop(asked, loop_time_s(), list(self._segments), by_user))
        self._segments.clear()
        self._port.expect_more(False)
        self._port.drop_before(asked)
        self._settle_stops()
        if self._gone_at is not None:
            self._gone_at = asked
        self._choose_wake_up()

    def take_cut(self) -> Cut | None:
        """Return the result of the oldest `stop` whose fade is over, once each; None while there is none."""
        self._settle_stops()
        return self._cuts.popleft() if self._cuts else None

    def service(self) -> None:
        """Refill the ring and settle interruptions; called whenever the kernel has woken the loop."""
        self._settle_stops()
        if self._wake_at != NEVER:
            self._fill()

    def lose_device(self, *, unplayed_ms: float = 0.0) -> None:
        """Note that the stream is closed: nothing more is taken until `move_to`, and a stop waits for no kernel.

        Args:
            unplayed_ms: What the device had taken but will not play any more; it is played again, if more follows it.
        """
        if self._gone_at is None:
            taken = self._ring.tail
            unplayed_frames = round(min(unplayed_ms / 1000, _MAX_REPLAY_S) * self._port.output_rate_hz)
            self._gone_at = taken - unplayed_frames if taken < self._ring.head else taken
        self._settle_stops()

    def move_to(self, port: AudioPort) -> None:
        """Go on with what was not heard on another port, whose output is attached; it may have another rate.

        Raises:
            InvalidInputError: the port has no output.
        """
        if port.playback is None:
            raise InvalidInputError("The player needs a port with an output.")
        self.lose_device()
        heard = [(segment, self._heard_samples(segment, self._taken)) for segment in self._segments]
        self._segments.clear()
        self._queue.clear()
        self._use(port, port.playback)
        for segment, sample in heard:
            if segment.complete and sample >= segment.received_samples:
                continue
            self._segments.append(segment)
            self._queue.extend((segment, piece) for piece in segment.begin_again(sample))
            if segment.complete:
                self._queue.append((segment, memoryview(b"")))
        self._queued_bytes = sum(len(piece) for _, piece in self._queue)
        self._gone_at = None
        self._fill()

    def _use(self, port: AudioPort, ring: Ring) -> None:
        self._port, self._ring = port, ring
        self._ratio = self._wire_rate_hz / port.output_rate_hz
        self._resampler = make_resampler(self._wire_rate_hz, port.output_rate_hz)
        self._backlog = np.empty(0, np.float32)

    @property
    def drained(self) -> bool:
        """True when nothing is queued and the device has taken everything."""
        return not self._queue and not self._backlog.size and not self._stops and self._taken >= self._ring.head

    @property
    def queued_ms(self) -> float:
        """How much of the answers has not been taken by the device yet."""
        in_ring = (self._ring.head - self._taken + self._backlog.size) / self._port.output_rate_hz
        return 1000 * (in_ring + self._queued_bytes / 2 / self._wire_rate_hz)

    def sounding_for_s(self, key: ItemKey) -> float | None:
        """Seconds since the block that holds an item's first frame was given to the device; None while it was not.

        A block is taken as a whole, at the moment of its callback: counting its frames as time would make an answer
        sound up to a block before it was there.
        """
        segment = next((segment for segment in self._segments if segment.key == key), None)
        if segment is None or segment.end == segment.start:
            return None
        last_block_s = self._port.last_render_ns / 1e9 or loop_time_s()
        taken_frames = self._taken - segment.start
        if taken_frames <= 0:
            return None
        before_frames = max(0, taken_frames - self._port.render_frames)
        return max(0.0, loop_time_s() - last_block_s) + before_frames / self._port.output_rate_hz

    @property
    def _taken(self) -> int:
        """The device has taken everything before this position of the ring."""
        return self._ring.tail if self._gone_at is None else self._gone_at

    def _open_segment(self) -> Segment | None:
        return self._segments[-1] if self._segments and not self._segments[-1].complete else None

    def _segment_of(self, key: ItemKey) -> Segment:
        segment = self._open_segment()
        if segment is not None and segment.key == key:
            return segment
        if segment is not None:
            self.end_item(segment.key)
        position = self._ring.head + self._backlog.size
        segment = Segment(key, position, position)
        self._segments.append(segment)
        return segment

    def _fill(self) -> None:
        """Move as much as fits from the queue through the resampler into the ring; without a device, nothing."""
        if self._gone_at is not None:
            return
        while self._push_backlog() and self._queue:
            segment, data = self._queue.popleft()
            piece, rest = data[: self._piece_bytes], data[self._piece_bytes :]
            if len(rest):
                self._queue.appendleft((segment, rest))
            self._queued_bytes -= len(piece)
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
        self._port.expect_more(self._open_segment() is not None or bool(self._queue))
        self._choose_wake_up()

    def _push_backlog(self) -> bool:
        """Put what an earlier call could not; True once nothing of it is left."""
        if self._backlog.size:
            self._backlog = self._backlog[self._ring.producer.put(self._backlog) :]
        return not self._backlog.size

    def _choose_wake_up(self) -> None:
        """Ask to be woken when half the ring has room for a waiting queue, else when the last frame was taken."""
        head = self._ring.head
        if self._queue or self._backlog.size:
            self._wake_at = head - self._ring.capacity // 2
        else:
            self._wake_at = head if self._ring.tail < head else NEVER
        self._port.wake_at_played(self._wake_at)
        while len(self._segments) > 1 and self._segments[0].end <= self._ring.tail:
            self._segments.popleft()
        if self._segments:
            replayed_from = self._taken - round(_MAX_REPLAY_S * self._port.output_rate_hz)
            self._segments[0].forget_before(self._heard_samples(self._segments[0], replayed_from))

    def _settle_stops(self) -> None:
        """Turn the stops that the kernel has carried out into cuts."""
        while self._stops:
            stop = self._stops[0]
            record = next((cut for cut in self._port.cuts() if cut.asked >= stop.asked), None)
            if record is not None:
                silence_ms = max(0.0, record.at_ns / 1e6 - stop.at_s * 1000) if record.at_ns else self._since_ms(stop)
                cut_at = record.cut_at
            elif self._gone_at is not None or self._has_no_kernel(stop):
                silence_ms, cut_at = self._since_ms(stop), self._taken
            else:
                return
            self._stops.popleft()
            self._cuts.append(Cut(tuple(self._unheard(stop.segments, cut_at)), silence_ms, stop.by_user))

    def _has_no_kernel(self, stop: _Stop) -> bool:
        """Whether a stop found nothing to drop, or a kernel that does not run."""
        return stop.asked <= self._port.dropped_before or loop_time_s() - stop.at_s > _LOST_KERNEL_S

    @staticmethod
    def _since_ms(stop: _Stop) -> float:
        return 1000 * (loop_time_s() - stop.at_s)

    def _unheard(self, segments: Iterable[Segment], cut_at: int) -> Iterable[Heard]:
        for segment in segments:
            heard = self._heard_samples(segment, cut_at)
            if segment.complete and heard >= segment.received_samples:
                continue
            yield Heard(
                segment.key,
                heard_ms=1000 * heard // self._wire_rate_hz,
                received_ms=1000 * segment.received_samples // self._wire_rate_hz,
            )

    def _heard_samples(self, segment: Segment, cut_at: int) -> int:
        return segment.heard_samples(cut_at, self._ratio, self._resampler.delay_frames)
