"""Neighbours that have changed places."""

from __future__ import annotations

from dataclasses import dataclass

from engine.local.faults.fault import Event, Fault, Forward


@dataclass
class Reorder(Fault):
    """A share of a response's events comes after the one that follows it; `response.done` stays the last."""

    name = "reorder"
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
