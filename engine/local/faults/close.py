"""A connection that the server ends."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.local.faults.fault import Forward, Moment, MomentFault


@dataclass
class Close(MomentFault):
    """At a moment the connection closes with a code; 1005 sends none, 1006 and 1015 break the connection."""

    name = "close"
    code: int = 1011
    after: Moment = field(default_factory=lambda: Moment(seconds=5.0))
    reason: str = ""

    async def strike(self, _forward: Forward) -> None:
        """Close."""
        await self.line.close(self.code, self.reason)
