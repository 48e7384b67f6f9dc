"""What Yandex AI Studio was seen to send that is unlike the protocol."""

from __future__ import annotations

import copy
from dataclasses import dataclass

from engine.local.faults.fault import Event, Fault, Forward


@dataclass
class YandexQuirks(Fault):
    """Null rates, session.updated twice, items created instead of added, spoken words as text, sound at index 1."""

    name = "yandex-quirks"

    async def outgoing(self, event: Event, forward: Forward) -> None:
        """Send it as that service does."""
        kind = str(event.get("type"))
        if kind in ("session.created", "session.updated"):
            event = _without_rates(event)
            if kind == "session.updated":
                await forward({**event, "event_id": f"{event.get('event_id')}_first"})
        elif kind in ("conversation.item.added", "conversation.item.done"):
            event = {**event, "type": "conversation.item.created"}
        elif kind == "response.output_audio_transcript.delta":
            event = {**event, "type": "response.output_text.delta"}
        elif kind in ("response.output_audio.delta", "response.output_audio.done"):
            event = {**event, "content_index": 1}
        await forward(event)

    async def incoming(self, event: Event, forward: Forward) -> None:
        """Find the sound of a truncation where it was sent, and none where the words are."""
        if event.get("type") == "conversation.item.truncate":
            event = {**event, "content_index": {1: 0, 0: 1}.get(event.get("content_index", 0), 2)}
        await forward(event)


def _without_rates(event: Event) -> Event:
    event = copy.deepcopy(event)
    for side in ((event.get("session") or {}).get("audio") or {}).values():
        if isinstance(side, dict) and isinstance(side.get("format"), dict):
            side["format"]["rate"] = None
    return event
