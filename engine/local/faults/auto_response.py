"""A server that answers by itself as soon as a tool's result is there."""

from __future__ import annotations

from dataclasses import dataclass

from engine.local.faults.fault import Event, Fault, Forward


@dataclass
class AutoResponse(Fault):
    """After a function_call_output a response begins, before the client has asked for it."""

    name = "auto-response"

    async def incoming(self, event: Event, forward: Forward) -> None:
        """Ask in the client's place."""
        await forward(event)
        item = event.get("item")
        if isinstance(item, dict) and item.get("type") == "function_call_output":
            await self.line.to_session({"type": "response.create"})
