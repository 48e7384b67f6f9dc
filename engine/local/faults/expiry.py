"""The end of a session's longest time."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.local.faults.fault import Forward, Moment, MomentFault
from engine.local.identifiers import new_id


@dataclass
class Expiry(MomentFault):
    """At a moment the session has expired: the error `session_expired`, then close 1001."""

    name = "expiry"
    after: Moment = field(default_factory=lambda: Moment(seconds=60.0))

    async def strike(self, forward: Forward) -> None:
        """Expire."""
        message = "Your session hit the maximum duration."
        error = {"type": "invalid_request_error", "code": "session_expired", "message": message}
        await forward({"type": "error", "event_id": new_id("event"), "error": {**error, "param": None}})
        await self.line.close(1001, "session_expired")
