"""The way to the server: one queue for the microphone's blocks and all other events, so that none overtakes another.

Where a server takes too little, the oldest block is dropped and counted. Without a connection the newest seconds of the
microphone are held; what is older when there is one again was said to nobody, and is never sent as if it were said now.
"""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from engine.audio.capture import MicBlock
from engine.audio.clock import loop_time_s
from engine.realtime.connection.retry_policy import MAX_OUTAGE_S
from engine.realtime.protocol.client_events import AppendAudio, ClearAudio, ClientEvent, CommitAudio, EventIds

MAX_QUEUED_BLOCKS = 50
"""1 s of 20 ms blocks, as in the Yandex tutorial: older speech is of no use to a live conversation."""

Send = Callable[[ClientEvent], Awaitable[None]]
_Event = TypeVar("_Event", bound=ClientEvent)


def _started(sending: Coroutine[Any, Any, None], loop: asyncio.AbstractEventLoop) -> asyncio.Task[None]:
    """Run a coroutine as a task whose first step is made at once, where Python can (3.12).

    A turn of the loop is a fifth of a block's way from the microphone to the socket, and much more where other threads
    are busy.
    """
    if sys.version_info >= (3, 12):
        return asyncio.Task(sending, loop=loop, eager_start=True)
    return loop.create_task(sending)


class Uplink:
    """Takes blocks from the audio side and events from the conversation, and sends them in order.

    Example:
        >>> async def send(event: ClientEvent) -> None:
        ...     print(type(event).__name__)
        >>> uplink = Uplink(rate_hz=24000)
        >>> uplink.put(MicBlock(bytes(960), captured_at_s=0.0))
        >>> uplink.send(CommitAudio("voice_1"))
        >>> running = asyncio.ensure_future(uplink.run(send))
        >>> await asyncio.sleep(0.01)
        AppendAudio
        CommitAudio
        >>> running.cancel()
        True
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
            max_outage_s: Most audio that is held while there is no connection.
        """
        self._rate_hz = rate_hz
        self._on_sent = on_sent
        self._max_outage_s = max_outage_s
        self._queue: deque[ClientEvent] = deque()
        self._wire: Send | None = None
        self._sending: asyncio.Task[None] | None = None
        self._is_sending = False
        self._broken: asyncio.Future[None] | None = None
        """Gets the error of the sending."""
        self._holding = False
        self._held: deque[AppendAudio] = deque()
        """Audio that waits for a connection."""
        self._ids = EventIds("audio")
        self._expired_samples = 0
        self._sent_samples = 0
        """Samples sent to all servers together."""
        self._live_samples = 0
        """Those of them that a microphone took: a muted one is sent as zeros."""
        self._earlier_samples = 0
        """Samples sent to all servers before the present one."""
        self._last_captured_at_s = 0.0
        self.dropped_blocks = 0

    def put(self, block: MicBlock) -> None:
        """Queue a block; never waits."""
        audio = AppendAudio(self._ids.next(), block.pcm16, block.at_sample, block.captured_at_s)
        if self._holding:
            self._held.append(audio)
            self._drop_expired(block.captured_at_s)
            return
        self.send(audio)
        waiting = [event for event in self._queue if isinstance(event, AppendAudio)]
        if len(waiting) > MAX_QUEUED_BLOCKS:
            self._queue.remove(waiting[0])
            self.dropped_blocks += 1

    def send(self, event: ClientEvent) -> None:
        """Queue an event; what a lost connection did not take is not sent on the next."""
        self._queue.append(event)
        self._send_on()

    async def run(self, send: Send) -> None:
        """Send what is queued, and what comes, until cancelled.

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

    def hold(self) -> None:
        """Keep what the microphone says: there is no connection. The next server counts its milliseconds from 0.

        Events that waited are gone, and with the end of a turn by key also what waited of its words: the server had
        heard its beginning.
        """
        for event in self._queue:
            if isinstance(event, AppendAudio):
                self._held.append(event)
            elif isinstance(event, CommitAudio | ClearAudio):
                self._drop_held(len(self._held))
        self._queue.clear()
        self._holding = True
        self._earlier_samples = self._sent_samples

    async def release(self, send: Send) -> int:
        """Send what is fresh of what was held, and hold no more; return the milliseconds that were too old.

        Raises:
            VoiceError: what `send` raises; the next `hold` keeps the rest.
        """
        self._drop_expired(loop_time_s())
        while self._held:
            await self._send_first(self._held, send)
        self._holding = False
        expired_ms, self._expired_samples = 1000 * self._expired_samples / self._rate_hz, 0
        return round(expired_ms)

    @property
    def sent_s(self) -> float:
        """Seconds of audio that were sent to all servers so far."""
        return self._sent_samples / self._rate_hz

    @property
    def live_s(self) -> float:
        """Seconds of it that were not silenced on the way."""
        return self._live_samples / self._rate_hz

    def captured_at_s(self, audio_ms: int) -> float:
        """Time at which the microphone took the sample the server calls `audio_ms`, on the loop's clock.

        The server counts the milliseconds it was sent; a block that was dropped was not.
        """
        sent_s = (self._sent_samples - self._earlier_samples) / self._rate_hz
        return self._last_captured_at_s - (sent_s - audio_ms / 1000)

    def _send_on(self) -> None:
        """Send what is queued, unless that is under way or there is no connection."""
        if self._wire is not None and not self._is_sending:
            loop = asyncio.get_running_loop()  # may raise: nothing is under way then
            self._is_sending = True
            self._sending = _started(self._send_queued(self._wire), loop)

    async def _send_queued(self, send: Send) -> None:
        try:
            while self._queue:
                sent = await self._send_first(self._queue, send)
                if isinstance(sent, AppendAudio):
                    self._on_sent(1000 * (loop_time_s() - sent.captured_at_s))
        except Exception as error:
            self._wire = None
            if self._broken is not None and not self._broken.done():
                self._broken.set_exception(error)
        finally:
            self._is_sending = False

    async def _send_first(self, queue: deque[_Event], send: Send) -> _Event:
        event = queue.popleft()
        try:
            await send(event)
        except BaseException:
            queue.appendleft(event)  # nobody knows whether it has left: the next server is to hear it
            raise
        if isinstance(event, AppendAudio):
            self._sent_samples += len(event.pcm16) // 2
            self._live_samples += _live_samples(event)
            self._last_captured_at_s = event.captured_at_s
        return event

    def _drop_expired(self, now_s: float) -> None:
        fresh = sum(now_s - audio.captured_at_s < self._max_outage_s for audio in self._held)
        self._drop_held(len(self._held) - fresh)

    def _drop_held(self, count: int) -> None:
        for _ in range(count):
            self._expired_samples += _live_samples(self._held.popleft())


def _live_samples(audio: AppendAudio) -> int:
    return len(audio.pcm16) // 2 if audio.pcm16.strip(b"\0") else 0
