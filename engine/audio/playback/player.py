"""The player: turns answers from the wire into frames of the playback ring, and knows to the frame what was heard.

Answers arrive faster than they sound. What the ring has no room for waits, whole and in order, up to 30 minutes; an
answer whose audio comes late starts after a playout delay. An interruption is one atomic store: the kernel fades
what sounds and jumps, and reports where; nothing that was queued before it is ever played after it. A device that is
lost takes nothing with it: what was not heard is kept as it came, and rendered again for the next device, whatever its
rate.
"""

from __future__ import annotations

from collections import deque

from engine.audio.clock import loop_time_s
from engine.audio.kernels.control import NEVER
from engine.audio.playback.cuts import PlaybackCuts
from engine.audio.playback.playout_delay import PlayoutDelay
from engine.audio.playback.queue import PlaybackQueue
from engine.audio.playback.segments import Cut, Heard, ItemKey, Segment
from engine.audio.port.audio_port import AudioPort
from engine.audio.port.ring import Ring
from engine.errors import InvalidInputError

MAX_QUEUED_S = 30 * 60
"""Beyond this, audio is dropped and counted: 160 MB at 44.1 kHz."""
_MAX_REPLAY_S = 0.5
"""Longest audio that a lost device had taken, but not played, and that may be played again."""


class Player:
    """Plays the answers of one session through a port; used from the event loop only.

    Example:
        >>> import numpy as np
        >>> port = AudioPort()
        >>> port.attach_output(48000, channels=2)
        >>> player = Player(port, wire_rate_hz=24000)
        >>> player.write(ItemKey("item_1", 0), bytes(2 * 24000))  # a second
        >>> player.end_item(ItemKey("item_1", 0))
        0
        >>> block = np.empty((24000, 2), np.float32)
        >>> port.process(None, block)  # the device takes half of it
        >>> player.stop()  # the user speaks
        >>> port.process(None, block)  # the kernel fades
        >>> [(heard.heard_ms, heard.received_ms) for heard in player.take_cut().heard]
        [(508, 1000)]
    """

    def __init__(self, port: AudioPort, wire_rate_hz: int, *, max_queued_s: float = MAX_QUEUED_S) -> None:
        """Play PCM16 of `wire_rate_hz` on a port whose output is attached.

        Args:
            port: Its output is attached.
            wire_rate_hz: Rate of the answers.
            max_queued_s: Most audio that waits; more is dropped and counted.

        Raises:
            InvalidInputError: the port has no output.
        """
        self._wire_rate_hz = wire_rate_hz
        self._queue = PlaybackQueue(wire_rate_hz, max_queued_s=max_queued_s)
        self._cuts = PlaybackCuts(wire_rate_hz, self._queue.heard_samples)
        self._segments: deque[Segment] = deque()
        self._earlier_ms = 0.0
        """Audio that the devices before this one took."""
        self._use(port)
        self._gone_at: int | None = None
        """Position of the ring that the device had reached when it was lost; None while there is one."""
        self._wake_at = NEVER
        self.playout_delay = PlayoutDelay()
        """Decides when playback starts; its clock is the audio that the device has taken."""
        self._holding = False
        """An answer has begun to come that the playout delay still holds back."""
        self._dropped_before = 0
        self.dropped_frames = 0
        """Samples at the wire's rate that found the queue full."""

    def write(self, key: ItemKey, pcm16: bytes | memoryview) -> None:
        """Append audio of an item: PCM16 little-endian mono at the wire's rate.

        An odd byte waits for its other half in the next call for the same item. A new key ends the item before.
        """
        silent = self._is_silent()
        segment = self._segment_of(key)
        data = segment.leftover + pcm16 if segment.leftover else pcm16
        whole = len(data) & ~1
        segment.leftover = bytes(data[whole:])
        if not whole:
            return
        audio_ms = 1000 * whole / 2 / self._wire_rate_hz
        self.playout_delay.arrived(self._now_ms, audio_ms, begins=not segment.received_samples, silent=silent)
        self._holding |= silent
        self.dropped_frames += self._queue.add(segment, memoryview(data)[:whole]) // 2
        if not self._queue.empty:
            self._fill()

    def end_item(self, key: ItemKey) -> int:
        """Note that an item's audio is complete; return how many left-over bytes (0 or 1) were no sample."""
        segment = self._open_segment()
        if segment is None or segment.key != key:
            return 0
        segment.complete = True
        self._queue.end(segment)
        self._fill()
        return len(segment.leftover)

    def stop(self, *, by_user: bool = True) -> None:
        """Fade out what sounds and drop everything written so far; `take_cut` then tells what was heard."""
        self._queue.clear()
        self._holding = False
        asked = self._dropped_before = self._ring.head
        self._cuts.ask(asked, list(self._segments), by_user=by_user)
        self._segments.clear()
        self._port.expect_more(False)
        self._port.drop_before(asked)
        self._settle_cuts()
        if self._gone_at is not None:
            self._gone_at = asked
        self._choose_wake_up()

    def take_cut(self) -> Cut | None:
        """Return the result of the oldest `stop` whose fade is over, once each; None while there is none."""
        self._settle_cuts()
        return self._cuts.settled.popleft() if self._cuts.settled else None

    def service(self) -> None:
        """Refill the ring and settle interruptions; called whenever the kernel has woken the loop."""
        if self._cuts.pending:
            self._settle_cuts()
        if self._wake_at != NEVER:
            self._fill()

    def lose_device(self, *, unplayed_ms: float = 0.0) -> None:
        """Note that the stream is closed: nothing more is taken until `move_to`, and a stop waits for no kernel.

        Args:
            unplayed_ms: Audio that the device had taken but will not play; it is played again, if more follows it.
        """
        if self._gone_at is None:
            taken = self._ring.tail
            unplayed_frames = round(min(unplayed_ms / 1000, _MAX_REPLAY_S) * self._port.output_rate_hz)
            self._gone_at = taken - unplayed_frames if taken < self._ring.head else taken
        self._settle_cuts()

    def move_to(self, port: AudioPort) -> None:
        """Go on with what was not heard on another port, whose output is attached; it may have another rate.

        Raises:
            InvalidInputError: the port has no output.
        """
        if port.playback is None:
            raise InvalidInputError("The player needs a port with an output.")
        self.lose_device()
        self._queue.gather_no_more(self._open_segment())
        heard = [(segment, self._queue.heard_samples(segment, self._taken)) for segment in self._segments]
        rest = [(segment, sample) for segment, sample in heard if not segment.is_over(sample)]
        self._segments = deque(segment for segment, _ in rest)
        self._earlier_ms = self._now_ms
        self._use(port)
        self._queue.begin_again(rest)
        self._gone_at = None
        self._holding = False
        self._dropped_before = 0
        self._fill()

    def _use(self, port: AudioPort) -> None:
        if port.playback is None:
            raise InvalidInputError("The player needs a port with an output.")
        self._port: AudioPort = port
        self._ring: Ring = port.playback
        self._queue.use(port.playback, port.output_rate_hz)

    @property
    def drained(self) -> bool:
        """True when nothing is queued and the device has taken everything."""
        return not (self.has_more or self._cuts.pending)

    @property
    def has_more(self) -> bool:
        """True while there is something to be heard that was not stopped; what fades out is over."""
        return not self._queue.drained or self._ring.head > max(self._taken, self._dropped_before)

    @property
    def receives(self) -> bool:
        """True while more audio of the newest item is to come."""
        return self._open_segment() is not None

    def sounded(self, latency_s: float) -> dict[ItemKey, Heard] | None:
        """Return what has sounded of each item that is not over; None while a cut is under way.

        Args:
            latency_s: Time from the device's taking a frame until it sounds; the last words are not kept back for it.
        """
        if self._cuts.pending:
            return None
        until = self._taken - round(latency_s * self._port.output_rate_hz) * self.has_more
        per_ms = self._wire_rate_hz / 1000
        found = {}
        for segment in self._segments:
            samples = self._queue.heard_samples(segment, until)
            if not segment.is_over(samples):
                heard_ms, received_ms = round(samples / per_ms), round(segment.received_samples / per_ms)
                found[segment.key] = Heard(segment.key, heard_ms, received_ms, segment.complete)
        return found

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

    @property
    def _now_ms(self) -> float:
        """The device's own clock: what it has taken, silence included. Lateness is what it had to wait."""
        return self._earlier_ms + 1000 * self._port.rendered_frames / self._port.output_rate_hz

    def _is_silent(self) -> bool:
        """Whether all that was written has sounded; an answer whose next audio comes just in time goes on."""
        through = self._ring.head <= max(self._taken, self._dropped_before)
        return through and self._queue.empty and not (self._holding or self._port.sounding)

    def _open_segment(self) -> Segment | None:
        return self._segments[-1] if self._segments and not self._segments[-1].complete else None

    def _segment_of(self, key: ItemKey) -> Segment:
        segment = self._open_segment()
        if segment is not None and segment.key == key:
            return segment
        if segment is not None:
            self.end_item(segment.key)
        position = self._queue.next_position
        segment = Segment(key, position, position)
        self._segments.append(segment)
        return segment

    def _fill(self) -> None:
        """Move what may sound into the ring, as much as fits; without a device, nothing."""
        if self._gone_at is not None:
            return
        if self._holding and not (self._queue.next_is_complete or self.playout_delay.covers(self._now_ms)):
            self._wake_with_next_block()
            return
        if self._holding:
            self._holding = False
            self.playout_delay.started(self._now_ms)
        more_fits = self._queue.fill()
        self._port.expect_more(self._open_segment() is not None or not self._queue.empty)
        if more_fits:
            self._wake_with_next_block()
        else:
            self._choose_wake_up()

    def _wake_with_next_block(self) -> None:
        self._wake_at = 0
        self._port.wake_at_played(0)

    def _choose_wake_up(self) -> None:
        """Ask to be woken when half the ring has room for a waiting queue, else when the last frame was taken."""
        head = self._ring.head
        if not self._queue.empty:
            self._wake_at = head - self._ring.capacity // 2
        else:
            self._wake_at = head if self._ring.tail < head else NEVER
        self._port.wake_at_played(self._wake_at)
        while len(self._segments) > 1 and self._segments[0].end <= self._ring.tail:
            self._segments.popleft()
        if self._segments:
            replayed_from = self._taken - round(_MAX_REPLAY_S * self._port.output_rate_hz)
            self._segments[0].forget_before(self._queue.heard_samples(self._segments[0], replayed_from))

    def _settle_cuts(self) -> None:
        if self._cuts.pending:
            self._cuts.settle(self._port, self._taken, device_gone=self._gone_at is not None)
