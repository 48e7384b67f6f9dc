"""A server that still speaks the protocol's beta."""

from __future__ import annotations

from dataclasses import dataclass

from engine.local.beta import beta_events
from engine.local.faults.fault import Event, Fault, Forward


@dataclass
class BetaNames(Fault):
    """Events have the names and shapes of the beta; whoever connects as a client of the beta gets them anyway."""

    name = "beta-names"

    async def outgoing(self, event: Event, forward: Forward) -> None:
        """Rename it."""
        for renamed in beta_events(event):
            await forward(renamed)
