"""The microphone's way to the server: a bounded queue that drops the oldest block and counts what it dropped.

What ends a turn of push-to-talk goes the same way: it must not overtake what was said. Without a connection it holds
the newest seconds: what is older when there is one again was said to nobody, and is never sent as if it were said now.
A connection that comes back may break again at once, with all of that in it: until its server shows that it hears,
what it was sent is kept, and if it is lost before, held as if it had not been sent.
"""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from engine.audio.clock import loop_time_s
from engine.audio.recorder import MicBlock
from engine.realtime.client_events import AppendAudio, ClientEvent, EventIds
from engine.realtime.reconnect import MAX_OUTAGE_S

MAX_QUEUED_BLOCKS = 50
"""1 s of 20 ms blocks, as in the Yandex tutorial: older speech is of no use to a live conversation."""


@dataclass(frozen=True, slots=True)
class _Mark:
    event: ClientEvent
    after_blocks: int
    sent: asyncio.Event = field(default_factory=asyncio.Event)


def _started(sending: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Run a coroutine as a task whose first step is made at once, where Python can (3.12).

    A task that waits for its turn of the loop was a tenth of what an idle session costs, and 0.1 ms of each block.
    """
    loop = asyncio.get_running_loop()
    if sys.version_info >= (3, 12):
        return asyncio.Task(sending, loop=loop, eager_start=True)
    return loop.create_task(sending)


class Uplink:
    """Takes blocks from the audio side and sends them in order.

    Example:
        >>> uplink = Uplink(rate_hz=24000)
        >>> uplink.put(block)
        >>> await uplink.run(connection.send)   # until cancelled
        >>> uplink.hold()                       # the connection is lost
        >>> await uplink.release(another.send)  # what is fresh of what came meanwhile
        >>> uplink.confirm()                    # the other server hears
    """

    def __init__(
        self,
        rate_hz: int,
        on_sent: Callable[[float], None] = lambda capture_to_wire_ms: None,
        *,
        max_outage_s: float = MAX_OUTAGE_S,
    ) -> None:
        """Make the queue.

        Args:
            rate_hz: The wire's rate of the microphone.
            on_sent: Called with the milliseconds from a block's last frame to the socket.
            max_outage_s: How much is held while there is no connection.
        """
        self._rate_hz = rate_hz
        self._on_sent = on_sent
        self._max_outage_s = max_outage_s
        self._blocks: deque[MicBlock] = deque()
        self._marks: deque[_Mark] = deque()
        self._taken_blocks = 0
        self._wire: Callable[[ClientEvent], Awaitable[None]] | None = None
        self._sending: asyncio.Task[None] | None = None
        self._is_sending = False
        self._broken: asyncio.Future[None] | None = None
        """Fails as the sending does."""
        self._ids = EventIds("audio")
        self._holding = False
        self._unconfirmed: deque[MicBlock] | None = None
        """What was sent since the last outage, where the server has not shown that it hears; None where it has."""
        self._lapsed_samples = 0
        """How much was, since the last sign of life, and is too old by now to be sent again."""
        self._stale_samples = 0
        self._sent_before = 0
        """How many of the oldest blocks a server may have heard: no loss, if they get too old to be sent again."""
        self._sent_samples = 0
        """To this server."""
        self._sent_before_samples = 0
        """To all earlier ones."""
        self._last_captured_at_s = 0.0
        self.dropped_blocks = 0

    def put(self, block: MicBlock) -> None:
        """Queue a block; never waits."""
        self._blocks.append(block)
        if self._holding:
            self._drop_stale(block.captured_at_s)
            return
        if len(self._blocks) > MAX_QUEUED_BLOCKS:
            self._take_block()
            self.dropped_blocks += 1
        self._send_on()

    def put_event(self, event: ClientEvent) -> asyncio.Event:
        """Queue an event behind the blocks so far; what is returned is set when it has been sent.

        It goes out before anything that waits for a turn of the loop.
        """
        mark = _Mark(event, self._taken_blocks + len(self._blocks))
        self._marks.append(mark)
        self._send_on()
        return mark.sent

    async def run(self, send: Callable[[ClientEvent], Awaitable[None]]) -> None:
        """Send what is queued, and blocks as they come, until cancelled.

        Raises:
            VoiceError: what `send` raises.
        """
        self._wire, self._broken = send, asyncio.get_running_loop().create_future()
        self._send_on()
        try:
            await self._broken
        finally:
            self._wire = None
            if self._sending is not None:
                self._sending.cancel()
                await asyncio.gather(self._sending, return_exceptions=True)
            self._is_sending = False

    @property
    def in_doubt(self) -> bool:
        """Whether the server has not shown yet that it hears what it is sent."""
        return self._unconfirmed is not None

    def confirm(self) -> None:
        """Note that the server hears: what it was sent is not sent again."""
        self._unconfirmed, self._lapsed_samples = None, 0

    def alive(self) -> None:
        """Note that the server says something: what it was sent before what is kept has reached it."""
        self._lapsed_samples = 0

    def hold(self, *, is_dead: bool = False) -> bool:
        """Keep what comes: there is no connection. The next server counts its milliseconds from 0.

        Args:
            is_dead: The last connection fell silent; of what it was sent since, nobody may have heard anything.

        Returns:
            Whether what the last one was sent, or was about to be, is sent again. Events that were queued are not; nor,
            where the last one had heard the beginning of a turn, is the rest of it.
        """
        goes_again = self._holding or self.in_doubt
        if self._marks and not goes_again:
            self._drop_until(self._marks[-1].after_blocks)
        unconfirmed = self._unconfirmed or ()
        self._blocks.extendleft(reversed(unconfirmed))
        if is_dead:
            self._stale_samples += self._lapsed_samples
            self._sent_before = 0
        else:
            self._sent_before += len(unconfirmed)
        self.confirm()
        self._holding = True
        self._sent_before_samples += self._sent_samples
        self._sent_samples = 0
        self._marks.clear()
        return goes_again

    async def release(self, send: Callable[[ClientEvent], Awaitable[None]]) -> int:
        """Send what is fresh of what was held, and hold no more; return the milliseconds that were too old.

        Raises:
            VoiceError: what `send` raises; after the next `hold` all of it is held again.
        """
        self._drop_stale(loop_time_s())
        self._unconfirmed = deque()
        while self._blocks:
            await self._send(self._take_block(), send)
        self._holding = False
        stale_ms, self._stale_samples = self._in_ms(self._stale_samples), 0
        return round(stale_ms)

    @property
    def sent_s(self) -> float:
        """How much was sent to all servers so far, in seconds of audio."""
        return (self._sent_before_samples + self._sent_samples) / self._rate_hz

    def captured_at_s(self, audio_ms: int) -> float:
        """When the microphone took the sample the server calls `audio_ms`, on the loop's clock.

        The server counts the milliseconds it was sent; a block that was dropped was not.
        """
        return self._last_captured_at_s - (self._in_ms(self._sent_samples) - audio_ms) / 1000

    def _send_on(self) -> None:
        """Send what is queued, unless that is under way or there is no connection."""
        if self._wire is not None and not self._is_sending:
            self._is_sending = True
            self._sending = _started(self._send_queued(self._wire))

    async def _send_queued(self, send: Callable[[ClientEvent], Awaitable[None]]) -> None:
        try:
            while self._blocks or self._marks:
                if self._marks and self._marks[0].after_blocks <= self._taken_blocks:
                    mark = self._marks.popleft()
                    await send(mark.event)
                    mark.sent.set()
                    continue
                block = self._take_block()
                try:
                    await self._send(block, send)
                except BaseException:
                    self._give_back(block)
                    raise
                self._on_sent(1000 * (loop_time_s() - block.captured_at_s))
        except Exception as error:
            self._wire = None
            if self._broken is not None and not self._broken.done():
                self._broken.set_exception(error)
        finally:
            self._is_sending = False

    async def _send(self, block: MicBlock, send: Callable[[ClientEvent], Awaitable[None]]) -> None:
        if self._unconfirmed is not None:
            self._doubt(block, self._unconfirmed)
        await send(AppendAudio(self._ids.next(), block.pcm16, block.at_sample))
        self._sent_samples += len(block.pcm16) // 2
        self._last_captured_at_s = block.captured_at_s

    def _give_back(self, block: MicBlock) -> None:
        """Queue again what may not have left; what is in doubt is kept already."""
        if self._unconfirmed is None:
            self._blocks.appendleft(block)
            self._taken_blocks -= 1

    def _doubt(self, block: MicBlock, unconfirmed: deque[MicBlock]) -> None:
        """Keep what is sent, as long as it could be sent again."""
        unconfirmed.append(block)
        while block.captured_at_s - unconfirmed[0].captured_at_s > self._max_outage_s:
            self._lapsed_samples += len(unconfirmed.popleft().pcm16) // 2

    def _drop_until(self, taken_blocks: int) -> None:
        while self._blocks and self._taken_blocks < taken_blocks:
            self._stale_samples += len(self._take_block().pcm16) // 2

    def _drop_stale(self, now_s: float) -> None:
        while self._blocks and now_s - self._blocks[0].captured_at_s >= self._max_outage_s:
            is_loss = not self._sent_before
            self._stale_samples += is_loss * len(self._take_block().pcm16) // 2

    def _take_block(self) -> MicBlock:
        self._taken_blocks += 1
        self._sent_before = max(0, self._sent_before - 1)
        return self._blocks.popleft()

    def _in_ms(self, samples: int) -> float:
        return 1000 * samples / self._rate_hz
