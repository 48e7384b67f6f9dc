"""Truncation: what of the answers the player was given, and what the server is told of it when playback was cut."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping

from engine.audio.playback.segments import Cut, Heard, ItemKey
from engine.realtime.conversation.actions import Action, Send, Show
from engine.realtime.conversation.heard_text import heard_parts
from engine.realtime.protocol.client_events import DeleteItem, EventIds, TruncateItem
from engine.realtime.session_events import AgentTextCut, AnswerDropped, BargeIn, SessionEvent

_REMEMBERED = 256
"""Parts and cuts that are remembered; a session may last for days."""


class PlayedParts:
    """Remembers the audio parts since the last interruption, and those before it.

    Example:
        >>> parts = PlayedParts(EventIds("voice"))
        >>> parts.play(ItemKey("item_1", 0))
        >>> parts.interrupt()
        >>> parts.forget_unheard(cut, text_of=lambda item_id: {0: "Hello there."})
        [Show(...), Send(event=TruncateItem(...))]
    """

    def __init__(self, ids: EventIds) -> None:
        self._ids = ids
        self._playing: dict[ItemKey, None] = {}
        self._interrupted: dict[ItemKey, None] = {}
        self._events: deque[str] = deque(maxlen=_REMEMBERED)

    def __bool__(self) -> bool:
        """Whether anything was given to the player since the last interruption."""
        return bool(self._playing)

    @property
    def item_ids(self) -> set[str]:
        """The items of both."""
        return {key.item_id for key in (*self._playing, *self._interrupted)}

    def play(self, key: ItemKey) -> None:
        """Note that audio of this part goes to the player."""
        self._playing[key] = None
        _keep_newest(self._playing)

    def interrupt(self) -> None:
        """Note that nothing of all this plays on; its cut comes, perhaps after the next interruption."""
        self._interrupted |= self._playing
        _keep_newest(self._interrupted)
        self._playing = {}

    def forget_unheard(self, cut: Cut, text_of: Callable[[str], Mapping[int, str]]) -> list[Action]:
        """Take what the device had taken when playback stopped: the server is to forget the rest, and the person too.

        An item of which nothing was heard is deleted; one that was heard whole is not among `cut.heard`.

        Args:
            cut: What was heard.
            text_of: The parts of an item's text by content index, as far as they have come.
        """
        actions: list[Action] = [Show(_event_of(cut)), *map(Show, self._cut_texts(cut, text_of))] if cut.heard else []
        for heard in cut.heard:
            event_id, item_id = self._ids.next(), heard.key.item_id
            self._events.append(event_id)
            heard_ms = min(heard.heard_ms, heard.received_ms)
            if heard_ms == 0 and not self._has_other_parts(heard.key):
                actions.append(Send(DeleteItem(event_id, item_id)))
            else:
                actions.append(Send(TruncateItem(event_id, item_id, heard.key.content_index, heard_ms)))
        return actions

    def _cut_texts(self, cut: Cut, text_of: Callable[[str], Mapping[int, str]]) -> Iterator[SessionEvent]:
        """What was heard of the text of each item, once for all of its parts."""
        of_parts = {heard.key: heard for heard in cut.heard}
        for item_id in dict.fromkeys(key.item_id for key in of_parts):
            texts = text_of(item_id)
            if texts:
                played = [key for key in (*self._interrupted, *of_parts) if key.item_id == item_id]
                heard: dict[int, Heard | None] = {key.content_index: of_parts.get(key) for key in played}
                heard_ms = sum(part.heard_ms for part in heard.values() if part)
                yield AgentTextCut(heard_parts(texts, heard), item_id, heard_ms)

    def caused(self, event_id: str) -> bool:
        """Whether an error names one of our truncations or deletions, of which the person need not know."""
        return bool(event_id) and event_id in self._events

    def _has_other_parts(self, key: ItemKey) -> bool:
        return any(part.item_id == key.item_id and part != key for part in self._interrupted)


def _keep_newest(parts: dict[ItemKey, None]) -> None:
    while len(parts) > _REMEMBERED:
        del parts[next(iter(parts))]


def _event_of(cut: Cut) -> SessionEvent:
    """What the person is told of a cut: an interruption of their own, or what no speaker took."""
    first = cut.heard[0]
    heard_ms = min(first.heard_ms, first.received_ms)
    if cut.by_user:
        return BargeIn(heard_ms, first.key.item_id, round(cut.silence_ms, 1))
    dropped_ms = sum(max(0, heard.received_ms - heard.heard_ms) for heard in cut.heard)
    return AnswerDropped(heard_ms, dropped_ms, first.key.item_id)
