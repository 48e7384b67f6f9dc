"""Puts the agent's text together: pieces as they come, each part once when it is whole.

A spoken item has its text twice on some servers, as text and as the transcript of its audio: the kind that comes
first is taken, the other left alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.realtime.protocol.server_events import TextDelta, TextDone
from engine.realtime.session_events import AgentText, AgentTextDelta, SessionEvent


@dataclass(slots=True)
class ItemText:
    """The text of one item as far as it has come."""

    spoken: bool
    parts: dict[int, list[str]] = field(default_factory=dict)
    whole: set[int] = field(default_factory=set)
    """Content indices that were shown as a whole."""


class AgentTexts:
    """The texts of one response's items."""

    def __init__(self) -> None:
        self._items: dict[str, ItemText] = {}

    def add(self, event: TextDelta) -> list[SessionEvent]:
        """Take a piece and return what to show."""
        item = self._items.setdefault(event.item_id, ItemText(event.spoken))
        if item.spoken != event.spoken or event.content_index in item.whole or not event.text:
            return []
        item.parts.setdefault(event.content_index, []).append(event.text)
        return [AgentTextDelta(event.text, event.item_id, event.response_id)]

    def finish_part(self, event: TextDone) -> list[SessionEvent]:
        """Take a whole part and return what to show; one that came without pieces is shown as a piece too."""
        item = self._items.setdefault(event.item_id, ItemText(event.spoken))
        if item.spoken != event.spoken or event.content_index in item.whole:
            return []
        pieces = item.parts.get(event.content_index, [])
        text = event.text or "".join(pieces)
        if not text:
            return []
        item.whole.add(event.content_index)
        item.parts[event.content_index] = [text]
        shown: list[SessionEvent] = [] if pieces else [AgentTextDelta(text, event.item_id, event.response_id)]
        return [*shown, AgentText(text, event.item_id, event.response_id)]

    def finish(self, response_id: str) -> list[SessionEvent]:
        """Return the parts whose end never came, when their response has ended."""
        session_events: list[SessionEvent] = []
        for item_id, item in self._items.items():
            for index in sorted(item.parts.keys() - item.whole):
                item.whole.add(index)
                session_events.append(AgentText("".join(item.parts[index]), item_id, response_id))
        return session_events

    def of_item(self, item_id: str) -> dict[int, str]:
        """The parts of an item's text by content index, as far as they have come; none of an item it does not know."""
        item = self._items.get(item_id)
        return {index: "".join(pieces) for index, pieces in item.parts.items()} if item else {}
