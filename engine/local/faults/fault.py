"""The base of every fault, the parameters faults have, and what they may do to a connection."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, dataclass_transform

Event = dict[str, Any]
Forward = Callable[[Event], Awaitable[None]]
"""Hands an event to the next fault, and from the last one to the client or to the session."""
AUDIO_DELTAS = ("response.output_audio.delta", "response.audio.delta")


class Line(Protocol):
    """The connection, for faults that do more than change events."""

    async def to_client(self, event: Event) -> None:
        """Send an event past the other faults."""

    async def to_session(self, event: Event) -> None:
        """Let the session take an event as if the client had sent it."""

    async def close(self, code: int | None, reason: str = "") -> None:
        """Close with a code; 1005 sends none, and None, 1006 and 1015 break the connection."""

    def go_silent(self) -> None:
        """Neither answer nor send from now on, without closing."""

    def ignore_pings(self) -> None:
        """Answer no ping from now on."""


@dataclass(frozen=True, slots=True)
class Span:
    """A range of whole numbers, from which one is drawn each time."""

    least: int
    most: int

    def draw(self, dice: random.Random) -> int:
        """Return one of them."""
        return dice.randint(self.least, self.most)


@dataclass(frozen=True, slots=True)
class Moment:
    """A while after the connection opened, or a number of events that were sent."""

    seconds: float | None = None
    events: int | None = None


FAULTS: dict[str, type[Fault]] = {}
"""Every fault by the name that a plan has for it."""


@dataclass_transform()
class Fault:
    """Lets everything pass. A class with a name is a fault: a dataclass of its parameters, made for each connection."""

    dice: random.Random
    """Seeded by the plan: a run with the same seed draws the same."""
    line: Line

    def __init_subclass__(cls, name: str = "") -> None:
        if name:
            FAULTS[name] = dataclass(cls)

    def attach(self, line: Line) -> None:
        """Begin on a connection."""
        self.line = line

    async def outgoing(self, event: Event, forward: Forward) -> None:
        """Take what goes to the client: forward it, late, changed, more than once, or not at all."""
        await forward(event)

    async def incoming(self, event: Event, forward: Forward) -> None:
        """Take what comes from the client."""
        await forward(event)

    async def run(self, forward: Forward) -> None:
        """Do something by itself while the connection is open; `forward` leads to the client."""


class MomentFault(Fault):
    """Strikes once at a moment, or each time it comes round again."""

    after: Moment
    repeats: ClassVar[bool] = False
    _sent = 0

    async def strike(self, forward: Forward) -> None:
        """Do what the fault does."""
        raise NotImplementedError

    async def outgoing(self, event: Event, forward: Forward) -> None:
        """Count what is sent."""
        await forward(event)
        self._sent += 1
        if self.after.events and (
            self._sent % self.after.events == 0 if self.repeats else self._sent == self.after.events
        ):
            await self.strike(forward)

    async def run(self, forward: Forward) -> None:
        """Wait for the moment."""
        while self.after.seconds is not None:
            await asyncio.sleep(self.after.seconds)
            await self.strike(forward)
            if not self.repeats:
                return
