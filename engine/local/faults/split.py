"""Audio in splinters: deltas of single bytes and of odd lengths, so that samples lie across events."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from engine.local.faults.fault import AUDIO_DELTAS, Event, Fault, Forward, Span


@dataclass
class Split(Fault):
    """Every audio delta comes in pieces of so many bytes, odd ones among them."""

    name = "split"
    bytes: Span = field(default_factory=lambda: Span(1, 999))

    async def outgoing(self, event: Event, forward: Forward) -> None:
        """Cut it."""
        if event.get("type") not in AUDIO_DELTAS:
            await forward(event)
            return
        audio, pieces = base64.b64decode(event["delta"]), 0
        while audio:
            length = self.bytes.draw(self.dice)
            piece, audio, pieces = audio[:length], audio[length:], pieces + 1
            event_id = f"{event.get('event_id')}_{pieces}"
            await forward({**event, "event_id": event_id, "delta": base64.b64encode(piece).decode("ascii")})
