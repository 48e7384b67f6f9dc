"""A server that answers no ping."""

from __future__ import annotations

from dataclasses import dataclass

from engine.local.faults.fault import Fault, Line


@dataclass
class NoPong(Fault):
    """Pings of the WebSocket stay unanswered while everything else goes on."""

    name = "no-pong"

    def attach(self, line: Line) -> None:
        """Begin to ignore them."""
        super().attach(line)
        line.ignore_pings()
