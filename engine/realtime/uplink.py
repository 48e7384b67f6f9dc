"""The microphone's way to the server: a bounded queue that drops the oldest block and counts what it dropped.

What ends a turn of push-to-talk goes the same way: it must not overtake what was said.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from engine.audio.clock import loop_time_s
from engine.audio.recorder import MicBlock
from engine.realtime.append_audio import AppendAudio
from engine.realtime.client_events import ClientEvent, EventIds

MAX_QUEUED_BLOCKS = 50
"""1 s of 20 ms blocks, as in the Yandex tutorial: older speech is of no use to a live conversation."""


@dataclass(frozen=True, slots=True)
class _Mark:
    event: ClientEvent
    after_blocks: int
    sent: asyncio.Event = field(default_factory=asyncio.Event)


class Uplink:
    """Takes blocks from the audio side and sends them in order.

    Example:
        >>> uplink = Uplink(rate_hz=24000)
        >>> uplink.put(block)
        >>> await uplink.run(connection.send)   # until cancelled
    """

    def __init__(self, rate_hz: int, on_sent: Callable[[float], None] = lambda capture_to_wire_ms: None) -> None:
        """Make the queue.

        Args:
            rate_hz: The wire's rate of the microphone.
            on_sent: Called with the milliseconds from a block's last frame to the socket.
        """
        self._rate_hz = rate_hz
        self._on_sent = on_sent
        self._blocks: deque[MicBlock] = deque()
        self._marks: deque[_Mark] = deque()
        self._taken_blocks = 0
        self._ready = asyncio.Event()
        self._ids = EventIds("audio")
        self._sent_samples = 0
        self._last_captured_at_s = 0.0
        self.dropped_blocks = 0

    def put(self, block: MicBlock) -> None:
        """Queue a block; never waits."""
        if len(self._blocks) >= MAX_QUEUED_BLOCKS:
            self._blocks.popleft()
            self._taken_blocks += 1
            self.dropped_blocks += 1
        self._blocks.append(block)
        self._ready.set()

    def put_event(self, event: ClientEvent) -> asyncio.Event:
        """Queue an event behind the blocks so far; what is returned is set when it has been sent."""
        mark = _Mark(event, self._taken_blocks + len(self._blocks))
        self._marks.append(mark)
        self._ready.set()
        return mark.sent

    async def run(self, send: Callable[[ClientEvent], Awaitable[None]]) -> None:
        """Send blocks as they come, until cancelled.

        Raises:
            VoiceError: what `send` raises.
        """
        while True:
            await self._ready.wait()
            self._ready.clear()
            while self._blocks or self._marks:
                if self._marks and self._marks[0].after_blocks <= self._taken_blocks:
                    mark = self._marks.popleft()
                    await send(mark.event)
                    mark.sent.set()
                    continue
                block = self._blocks.popleft()
                self._taken_blocks += 1
                await send(AppendAudio(self._ids.next(), block.pcm16))
                self._sent_samples += len(block.pcm16) // 2
                self._last_captured_at_s = block.captured_at_s
                self._on_sent(1000 * (loop_time_s() - block.captured_at_s))

    def captured_at_s(self, audio_ms: int) -> float:
        """When the microphone took the sample the server calls `audio_ms`, on the loop's clock.

        The server counts the milliseconds it was sent; a block that was dropped was not.
        """
        sent_ms = 1000 * self._sent_samples / self._rate_hz
        return self._last_captured_at_s - (sent_ms - audio_ms) / 1000
