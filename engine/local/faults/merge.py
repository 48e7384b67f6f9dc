"""Audio in lumps: several deltas joined into one, as a server that buffers sends them."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from engine.local.faults.fault import AUDIO_DELTAS, Event, Fault, Forward


@dataclass
class Merge(Fault):
    """So many audio deltas of an item come as one, and all of them before the end of its audio."""

    name = "merge"
    count: int = 5

    def __post_init__(self) -> None:
        self._held: list[Event] = []

    async def outgoing(self, event: Event, forward: Forward) -> None:
        """Hold deltas back; nothing but a transcript's delta overtakes them."""
        kind = str(event.get("type"))
        if kind in AUDIO_DELTAS:
            if self._held and self._held[0].get("item_id") != event.get("item_id"):
                await self._release(forward)
            self._held.append(event)
            if len(self._held) < self.count:
                return
            await self._release(forward)
        else:
            if not kind.endswith("transcript.delta"):
                await self._release(forward)
            await forward(event)

    async def _release(self, forward: Forward) -> None:
        held, self._held = self._held, []
        if held:
            audio = b"".join(base64.b64decode(event["delta"]) for event in held)
            await forward({**held[0], "delta": base64.b64encode(audio).decode("ascii")})
