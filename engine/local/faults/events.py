"""Faults of the events: late, stalled, twice, out of order, failed, unasked, or in other words."""

from __future__ import annotations

import asyncio
import copy

from engine.local.faults.fault import Event, Fault, Forward, Moment, Span
from engine.local.protocol.beta import beta_events
from engine.local.protocol.client_schema import EVENTS
from engine.local.protocol.identifiers import new_id
from engine.local.protocol.validation import known_part

_MOST_WAITING = 4096


class Late(Fault, name="late"):
    """Every event arrives so many milliseconds late, never before the one that was sent before it."""

    ms: Span = Span(20, 200)

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


class Stall(Fault, name="stall"):
    """Nothing comes for so long, each time so many events or seconds have passed; then all that waited."""

    ms: Span = Span(500, 500)
    every: Moment = Moment(events=20)

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


class Duplicate(Fault, name="duplicate"):
    """A share of the events comes twice."""

    share: float = 0.1

    async def outgoing(self, event: Event, forward: Forward) -> None:
        """Send it once or twice."""
        await forward(event)
        if self.dice.random() < self.share:
            await forward(event)


class Reorder(Fault, name="reorder"):
    """A share of a response's events comes after the one that follows it; `response.done` stays the last."""

    share: float = 0.1

    def __post_init__(self) -> None:
        self._held: Event | None = None

    async def outgoing(self, event: Event, forward: Forward) -> None:
        """Hold an event of a response, which another of the same response always follows."""
        held, self._held = self._held, None
        kind = str(event.get("type"))
        is_inner = kind.startswith("response.") and kind not in ("response.created", "response.done")
        if held is None and is_inner and self.dice.random() < self.share:
            self._held = event
            return
        if held is not None and kind == "response.done":
            await forward(held)
            held = None
        await forward(event)
        if held is not None:
            await forward(held)


class FailedResponse(Fault, name="failed-response"):
    """A share of the responses ends as failed, with this code, whatever of it was sent before."""

    share: float = 0.5
    code: str = "rate_limit_exceeded"

    async def outgoing(self, event: Event, forward: Forward) -> None:
        """Let it fail."""
        if event.get("type") == "response.done" and self.dice.random() < self.share:
            error = {"type": "server_error", "code": self.code, "message": "This failure was asked for."}
            details = {"type": "failed", "error": error}
            event = {**event, "response": {**event["response"], "status": "failed", "status_details": details}}
        await forward(event)


class AutoResponse(Fault, name="auto-response"):
    """After a function_call_output a response begins, before the client has asked for it."""

    async def incoming(self, event: Event, forward: Forward) -> None:
        """Ask in the client's place."""
        await forward(event)
        item = event.get("item")
        if isinstance(item, dict) and item.get("type") == "function_call_output":
            await self.line.to_session({"type": "response.create"})


class BetaNames(Fault, name="beta-names"):
    """Events have the names and shapes of the beta; whoever connects as a client of the beta gets them anyway."""

    async def outgoing(self, event: Event, forward: Forward) -> None:
        """Rename it."""
        for renamed in beta_events(event):
            await forward(renamed)


class YandexQuirks(Fault, name="yandex-quirks"):
    """Null rates, session.updated twice, items created instead of added, spoken words as text, sound at index 1.

    Transcripts come unasked, and fields of a session that nobody knows are passed over.
    """

    async def outgoing(self, event: Event, forward: Forward) -> None:
        """Send it as that service does."""
        kind = str(event.get("type"))
        if kind in ("session.created", "session.updated"):
            event = _without_rates(event)
            if kind == "session.updated":
                await forward({**event, "event_id": f"{event.get('event_id')}_first"})
        elif kind in ("conversation.item.added", "conversation.item.done"):
            event = {**event, "type": "conversation.item.created"}
        elif kind == "response.output_audio_transcript.delta":
            event = {**event, "type": "response.output_text.delta"}
        elif kind in ("response.output_audio.delta", "response.output_audio.done", "conversation.item.truncated"):
            event = {**event, "content_index": 1}
        await forward(event)

    async def incoming(self, event: Event, forward: Forward) -> None:
        """Find the sound of a truncation where it was sent, and none where the words are; read a session leniently."""
        if event.get("type") == "conversation.item.truncate":
            event = {**event, "content_index": {1: 0, 0: 1}.get(event.get("content_index", 0), 2)}
        elif event.get("type") == "session.update" and isinstance(event.get("session"), dict):
            event = {**event, **known_part({"session": event["session"]}, EVENTS["session.update"])}
            match event:
                case {"session": {"audio": {"input": dict() as sound}}}:
                    sound.setdefault("transcription", {})
        await forward(event)


def _without_rates(event: Event) -> Event:
    event = copy.deepcopy(event)
    for side in ((event.get("session") or {}).get("audio") or {}).values():
        if isinstance(side, dict) and isinstance(side.get("format"), dict):
            side["format"]["rate"] = None
    return event


class Unknown(Fault, name="unknown"):
    """A share of the events has unknown fields and comes behind an event of an unknown type."""

    share: float = 0.2

    async def outgoing(self, event: Event, forward: Forward) -> None:
        """Add to it."""
        if self.dice.random() < self.share:
            await forward({"type": "voice.unheard_of", "event_id": new_id("event"), "nothing": None, "depth": [[{}]]})
            event = {**event, "unheard_of": {"value": None, "list": [1, None]}}
        await forward(event)
