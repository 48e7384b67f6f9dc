"""The steps of a scripted server: expect this, emit that, wait, hear, close, fall silent."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from engine.realtime.testing.peer import Peer


class Step(Protocol):
    """One step; it ends when the script may go on."""

    async def play(self, peer: Peer) -> None:
        """Carry it out."""
        ...


@dataclass(frozen=True)
class Expect:
    """The client's next event, the microphone's audio aside, is of this type and has these fields, among others."""

    type: str
    having: Mapping[str, Any] = field(default_factory=dict)

    async def play(self, peer: Peer) -> None:
        """Wait for it."""
        await peer.expect(self.type, self.having)


class Emit:
    """Say this event: `Emit("response.created", response={"id": "resp_1"})`."""

    def __init__(self, kind: str, **fields: Any) -> None:
        self.type = kind
        self.fields = fields

    def __repr__(self) -> str:
        return f"Emit({self.type!r})"

    async def play(self, peer: Peer) -> None:
        """Send it."""
        await peer.send(self.type, **self.fields)


@dataclass(frozen=True)
class Answer:
    """Give a whole spoken answer."""

    response_id: str
    item_id: str
    pcm16: bytes = field(repr=False)
    text: str = ""

    async def play(self, peer: Peer) -> None:
        """Send its events."""
        await peer.answer(self.response_id, self.item_id, self.pcm16, self.text)


@dataclass(frozen=True)
class Wait:
    """Let virtual time pass."""

    seconds: float

    async def play(self, peer: Peer) -> None:
        """Wait."""
        await asyncio.sleep(self.seconds)


@dataclass(frozen=True)
class Hear:
    """Wait for so much more of the microphone."""

    seconds: float
    rate_hz: int = 24000

    async def play(self, peer: Peer) -> None:
        """Listen."""
        await peer.hear(self.seconds, self.rate_hz)


@dataclass(frozen=True)
class Close:
    """Close the connection with a code; None or 1006 breaks it without a word."""

    code: int | None = 1000
    reason: str = ""

    async def play(self, peer: Peer) -> None:
        """Close it."""
        peer.close_with(self.code, self.reason)


@dataclass(frozen=True)
class GoSilent:
    """Be a half-open connection from here on: nothing is answered, nothing said, and no error comes."""

    async def play(self, peer: Peer) -> None:
        """Fall silent."""
        peer.go_silent()
