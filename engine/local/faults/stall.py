"""Pauses in the middle of a stream."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from engine.local.faults.fault import Event, Fault, Forward, Moment, Span


@dataclass
class Stall(Fault):
    """Nothing comes for so long, each time so many events or seconds have passed; then all that waited."""

    name = "stall"
    ms: Span = field(default_factory=lambda: Span(500, 500))
    every: Moment = field(default_factory=lambda: Moment(events=20))

    def __post_init__(self) -> None:
        self._sent = 0
        self._since_s: float | None = None

    async def outgoing(self, event: Event, forward: Forward) -> None:
        """Forward it, at the time of a stall after a pause."""
        now_s = asyncio.get_running_loop().time()
        self._since_s = now_s if self._since_s is None else self._since_s
        self._sent += 1
        by_events = self.every.events and self._sent % self.every.events == 0
        by_seconds = self.every.seconds is not None and now_s - self._since_s >= self.every.seconds
        if by_events or by_seconds:
            await asyncio.sleep(self.ms.draw(self.dice) / 1000)
            self._since_s = asyncio.get_running_loop().time()
        await forward(event)
