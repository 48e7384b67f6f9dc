"""What no client knows: events and fields of a protocol that has grown."""

from __future__ import annotations

from dataclasses import dataclass

from engine.local.faults.fault import Event, Fault, Forward
from engine.local.identifiers import new_id


@dataclass
class Unknown(Fault):
    """A share of the events has unknown fields and comes behind an event of an unknown type."""

    name = "unknown"
    share: float = 0.2

    async def outgoing(self, event: Event, forward: Forward) -> None:
        """Add to it."""
        if self.dice.random() < self.share:
            await forward({"type": "voice.unheard_of", "event_id": new_id("event"), "nothing": None, "depth": [[{}]]})
            event = {**event, "unheard_of": {"value": None, "list": [1, None]}}
        await forward(event)
