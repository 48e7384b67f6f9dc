"""Turns that fail: a `response.done` of status failed, which is no error event."""

from __future__ import annotations

from dataclasses import dataclass

from engine.local.faults.fault import Event, Fault, Forward


@dataclass
class FailedResponse(Fault):
    """A share of the responses ends as failed, with this code, whatever of it was sent before."""

    name = "failed-response"
    share: float = 0.5
    code: str = "rate_limit_exceeded"

    async def outgoing(self, event: Event, forward: Forward) -> None:
        """Let it fail."""
        if event.get("type") == "response.done" and self.dice.random() < self.share:
            error = {"type": "server_error", "code": self.code, "message": "This failure was asked for."}
            details = {"type": "failed", "error": error}
            event = {**event, "response": {**event["response"], "status": "failed", "status_details": details}}
        await forward(event)
