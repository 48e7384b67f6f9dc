"""Late events, in order: what a network with jitter does."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from engine.local.faults.fault import Event, Fault, Forward, Span

_MOST_WAITING = 4096


@dataclass
class Late(Fault):
    """Every event arrives so many milliseconds late, never before the one that was sent before it."""

    name = "late"
    ms: Span = field(default_factory=lambda: Span(20, 200))

    def __post_init__(self) -> None:
        self._waiting: asyncio.Queue[tuple[float, Event]] = asyncio.Queue(_MOST_WAITING)

    async def outgoing(self, event: Event, forward: Forward) -> None:
        """Let it wait: the delays of many events overlap."""
        due_s = asyncio.get_running_loop().time() + self.ms.draw(self.dice) / 1000
        await self._waiting.put((due_s, event))

    async def run(self, forward: Forward) -> None:
        """Forward what is due."""
        loop = asyncio.get_running_loop()
        while True:
            due_s, event = await self._waiting.get()
            await asyncio.sleep(max(0.0, due_s - loop.time()))
            await forward(event)
