"""What a server that came later was told of the conversation, and how it is told less when more proves unheard.

An answer may play on when its connection is gone. If it is interrupted then, the new server knows no audio of it that
could be truncated, only the item we made of its words: that one is replaced in its place, or deleted where nothing was
heard. So every item that is told has an id of our choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.realtime.client_events import ClientEvent, CreateItem, DeleteItem, EventIds
from engine.realtime.client_items import user_text_item
from engine.realtime.history import Entry, History, Said, recap_of


@dataclass(slots=True)
class _Part:
    """Entries of the history, and the items that tell them."""

    entries: Sequence[Entry]
    items: list[dict[str, Any]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)

    def tells_of(self, item_id: str) -> bool:
        """Whether the words of this item of the agent's are among them."""
        return any(isinstance(entry, Said) and entry.is_agents(item_id) for entry in self.entries)


class Retold:
    """Tells each new server the history, and corrects what it told the present one.

    Example:
        >>> retold = Retold(EventIds("voice"))
        >>> retold.tell(history)
        [CreateItem(event_id='voice_1', item={..., 'id': 'voice_item_1'}, previous_item_id='')]
        >>> history.note(AgentTextCut("Once upon", "item_1"))
        >>> retold.correct("item_1")
        [CreateItem(..., previous_item_id='voice_item_1'), DeleteItem(event_id='voice_3', item_id='voice_item_1')]
    """

    def __init__(self, ids: EventIds, recap_heading: str = "") -> None:
        """Begin.

        Args:
            ids: Names of the events.
            recap_heading: Where a server refuses the agent's words as items: what a recap of all of them as one text
                of the user begins with.
        """
        self._ids = ids
        self._item_ids = EventIds("voice_item")
        self._recap_heading = recap_heading
        self._parts: list[_Part] = []

    def tell(self, history: History) -> list[ClientEvent]:
        """Return what tells a new server all of it."""
        entries = history.entries
        self._parts = [_Part(entries)] if self._recap_heading else [_Part([entry]) for entry in entries]
        return [event for part in self._parts for event in self._created(part)]

    def correct(self, item_id: str) -> list[ClientEvent]:
        """Return what tells the present server the words of an item of the agent's as they are remembered by now."""
        part = next((part for part in self._parts if part.tells_of(item_id)), None)
        if part is None or not part.ids or self._items_of(part) == part.items:
            return []
        told_before = part.ids
        # Created first: a server that refuses the new words keeps the old ones.
        created = self._created(part, told_before[-1])
        return [*created, *(DeleteItem(self._ids.next(), told_id) for told_id in told_before)]

    def _created(self, part: _Part, previous_item_id: str = "") -> list[ClientEvent]:
        part.items = self._items_of(part)
        part.ids = [self._item_ids.next() for _ in part.items]
        places = [previous_item_id, *part.ids] if previous_item_id else [""] * len(part.ids)
        told = zip(part.items, part.ids, places, strict=False)
        return [CreateItem(self._ids.next(), item | {"id": told_id}, place) for item, told_id, place in told]

    def _items_of(self, part: _Part) -> list[dict[str, Any]]:
        if not self._recap_heading:
            return [item for entry in part.entries for item in entry.items()]
        recap = recap_of(part.entries)
        return [user_text_item(f"{self._recap_heading}\n{recap}")] if recap else []
