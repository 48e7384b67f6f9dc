"""The same event twice."""

from __future__ import annotations

from dataclasses import dataclass

from engine.local.faults.fault import Event, Fault, Forward


@dataclass
class Duplicate(Fault):
    """A share of the events comes twice."""

    name = "duplicate"
    share: float = 0.1

    async def outgoing(self, event: Event, forward: Forward) -> None:
        """Send it once or twice."""
        await forward(event)
        if self.dice.random() < self.share:
            await forward(event)
