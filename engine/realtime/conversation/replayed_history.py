"""Replayed history: what a new server was told of it, and its correction when less of it proves to have been heard.

A service may send a minute of answer within seconds, which plays on when its connection is gone. If it is interrupted
then, the new server knows no audio of it that could be truncated, only the item we made of its words: that one is
replaced in its place, or deleted where nothing was heard. So every item that is replayed has an id of our choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.realtime.conversation.answers import Answer
from engine.realtime.conversation.history import Entry, History, recap_of
from engine.realtime.protocol.client_events import ClientEvent, CreateItem, DeleteItem, EventIds
from engine.realtime.protocol.client_items import user_text_item


class ReplayedHistory:
    """Replays the history to each new server, and corrects what the present one was told."""

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
        self._replayed: list[tuple[Sequence[Entry], list[CreateItem]]] = []
        """Entries of the history, and the events that replayed them."""

    def replay(self, history: History) -> list[ClientEvent]:
        """Return the events that tell a new server all of it."""
        parts = [history.entries] if self._recap_heading else [[entry] for entry in history.entries]
        self._replayed = [(entries, [self._created(item) for item in self._items_of(entries)]) for entries in parts]
        return [event for _, events in self._replayed for event in events]

    def correct(self, item_id: str) -> list[ClientEvent]:
        """Return the events that replace an agent's item on the present server by the words remembered now."""
        for number, (entries, replayed) in enumerate(self._replayed):
            if replayed and any(isinstance(entry, Answer) and entry.item_id == item_id for entry in entries):
                replayed_id = replayed[0].item["id"]  # words are one item, also those of a recap
                items = self._items_of(entries)
                if [item | {"id": replayed_id} for item in items] == [replayed[0].item]:
                    return []
                # Created first: a server that refuses the new words keeps the old ones.
                created = [self._created(item, replayed_id) for item in items]
                self._replayed[number] = entries, created
                return [*created, DeleteItem(self._ids.next(), replayed_id)]
        return []

    def _created(self, item: dict[str, Any], previous_item_id: str = "") -> CreateItem:
        return CreateItem(self._ids.next(), item | {"id": self._item_ids.next()}, previous_item_id)

    def _items_of(self, entries: Sequence[Entry]) -> list[dict[str, Any]]:
        if not self._recap_heading:
            return [item for entry in entries for item in entry.items()]
        recap = recap_of(entries)
        return [user_text_item(f"{self._recap_heading}\n{recap}")] if recap else []
