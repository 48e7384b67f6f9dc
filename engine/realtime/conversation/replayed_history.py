"""The history as a new server was told it, and its correction when less of it proves to have been heard.

A service may send a minute of answer within seconds, which plays on when its connection is gone. If it is interrupted
then, the new server knows no audio of it that could be truncated, only the item we made of its words: that one is
replaced in its place, or deleted where nothing was heard. So every item that is told has an id of our choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.realtime.conversation.history import Entry, History, Said, recap_of
from engine.realtime.protocol.client_events import ClientEvent, CreateItem, DeleteItem, EventIds
from engine.realtime.protocol.client_items import user_text_item


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
        self._told: list[tuple[Sequence[Entry], list[CreateItem]]] = []
        """Entries of the history, and the events that told them."""

    def tell(self, history: History) -> list[ClientEvent]:
        """Return what tells a new server all of it."""
        parts = [history.entries] if self._recap_heading else [[entry] for entry in history.entries]
        self._told = [(entries, [self._created(item) for item in self._items_of(entries)]) for entries in parts]
        return [event for _, events in self._told for event in events]

    def correct(self, item_id: str) -> list[ClientEvent]:
        """Return what tells the present server the words of an item of the agent's as they are remembered by now."""
        for number, (entries, told) in enumerate(self._told):
            if told and any(isinstance(entry, Said) and entry.is_agents(item_id) for entry in entries):
                told_id = told[0].item["id"]  # words are one item, also those of a recap
                items = self._items_of(entries)
                if [item | {"id": told_id} for item in items] == [told[0].item]:
                    return []
                # Created first: a server that refuses the new words keeps the old ones.
                created = [self._created(item, told_id) for item in items]
                self._told[number] = entries, created
                return [*created, DeleteItem(self._ids.next(), told_id)]
        return []

    def _created(self, item: dict[str, Any], previous_item_id: str = "") -> CreateItem:
        return CreateItem(self._ids.next(), item | {"id": self._item_ids.next()}, previous_item_id)

    def _items_of(self, entries: Sequence[Entry]) -> list[dict[str, Any]]:
        if not self._recap_heading:
            return [item for entry in entries for item in entry.items()]
        recap = recap_of(entries)
        return [user_text_item(f"{self._recap_heading}\n{recap}")] if recap else []
