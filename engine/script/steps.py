"""The steps of a scripted server: expect this, emit that, answer, call a tool, wait, hear, close, fall silent."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from engine.script.answers import answer_events, call_events
from engine.script.patterns import filled, picked
from engine.script.peer import Peer


class Step(Protocol):
    """One step; it ends when the script may go on."""

    async def play(self, peer: Any) -> None:
        """Carry it out on a `Peer`, or on a richer one where the step is written for it."""


@dataclass(frozen=True)
class Expect:
    """The client's next event, the microphone's audio aside, is of this type and has these fields, among others."""

    type: str
    having: Mapping[str, Any] = field(default_factory=dict)
    """A pattern; see `engine.script.patterns`."""
    save: Mapping[str, str] = field(default_factory=dict)
    """Names for what stands at these paths of the event; later steps write `${name}`."""

    async def play(self, peer: Peer) -> None:
        """Wait for it."""
        event = await peer.expect(self.type, filled(self.having, peer.values))
        peer.values.update({name: picked(event, path) for name, path in self.save.items()})


class Emit:
    """Say this event: `Emit("response.created", response={"id": "resp_1"})`."""

    def __init__(self, kind: str, **fields: Any) -> None:
        self.type = kind
        self.fields = fields

    def __repr__(self) -> str:
        return f"Emit({self.type!r})"

    async def play(self, peer: Peer) -> None:
        """Send it."""
        await peer.send(self.type, **filled(self.fields, peer.values))


@dataclass(frozen=True)
class Answer:
    """Give a whole spoken answer, in deltas of a tenth of a second."""

    response_id: str
    item_id: str
    pcm16: bytes = field(repr=False)
    text: str = ""
    rate_hz: int = 24000

    async def play(self, peer: Peer) -> None:
        """Send its events."""
        response_id, item_id, text = filled([self.response_id, self.item_id, self.text], peer.values)
        for kind, fields in answer_events(response_id, item_id, self.pcm16, text, self.rate_hz):
            await peer.send(kind, **fields)


@dataclass(frozen=True)
class CallTool:
    """Give a response that calls functions: name, call id and arguments as JSON of each."""

    response_id: str
    calls: Sequence[tuple[str, str, str]]

    async def play(self, peer: Peer) -> None:
        """Send its events."""
        response_id, calls = filled([self.response_id, self.calls], peer.values)
        for kind, fields in call_events(response_id, calls):
            await peer.send(kind, **fields)


@dataclass(frozen=True)
class Wait:
    """Let time pass."""

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


@dataclass(frozen=True)
class Repeat:
    """Play steps several times; `${n}` is the number of the round, from 1."""

    times: int
    steps: Sequence[Step]

    async def play(self, peer: Peer) -> None:
        """Play them."""
        for number in range(1, self.times + 1):
            peer.values["n"] = number
            for step in self.steps:
                await step.play(peer)
