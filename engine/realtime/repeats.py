"""Knows an event that a server sends a second time: its sound would sound twice, and its words be shown twice."""

from __future__ import annotations

_REMEMBERED = 512
"""Events: a repetition comes soon. That is ten seconds of an answer that comes as fast as any does."""


class Repeats:
    """Compares the events of one connection by their ids; another server's ids may be the same.

    Not every server gives each event an id of its own, and some give all the same. Two events with one id that say
    different things show that, and then nothing of this connection counts as a repetition any more.

    Example:
        >>> repeats = Repeats()
        >>> repeats.has("event_1", '{"delta": "Hi"}'), repeats.has("event_1", '{"delta": "Hi"}')
        (False, True)
    """

    def __init__(self) -> None:
        self._texts: dict[str, int] = {}
        """Hash of the text by the event's id, oldest first; of 32 KB of audio it takes 7 us, twice a second."""
        self._ids_tell = True

    def has(self, event_id: str, text: str | bytes) -> bool:
        """Take an event, with the text it was decoded from; return whether it came before."""
        if not event_id or not self._ids_tell:
            return False
        known, told = self._texts.get(event_id), hash(text)
        if known is not None:
            self._ids_tell = known == told
            return self._ids_tell
        self._texts[event_id] = told
        if len(self._texts) > _REMEMBERED:
            del self._texts[next(iter(self._texts))]
        return False
