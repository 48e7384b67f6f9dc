"""A connection that is dead and does not say so."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.local.faults.fault import Forward, Moment, MomentFault


@dataclass
class HalfOpen(MomentFault):
    """From a moment on nothing is answered, pings neither, and nothing sent; the socket stays open."""

    name = "half-open"
    after: Moment = field(default_factory=lambda: Moment(seconds=5.0))

    async def strike(self, _forward: Forward) -> None:
        """Fall silent."""
        self.line.go_silent()
