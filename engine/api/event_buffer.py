"""Buffer between a session and the program that reads its events at its own pace."""

from __future__ import annotations

import asyncio
from collections import deque

from engine.realtime.session_events import SessionEvent, Summary

MOST_EVENTS = 1000
"""More than a minute of an agent that talks: a delta of its text comes some ten times a second."""


class EventBuffer:
    """An observer that keeps the newest events, and counts those that nobody read in time.

    Example:
        >>> from engine.realtime.session_events import UserTyped
        >>> buffer = EventBuffer(most=2)
        >>> for text in ("a", "b", "c"):
        ...     buffer(UserTyped(text), 0.0)
        >>> buffer.missed, await buffer.next()
        (1, UserTyped(text='b'))
    """

    def __init__(self, most: int = MOST_EVENTS) -> None:
        self._events: deque[SessionEvent] = deque(maxlen=most)
        self._most = most
        self._arrived = asyncio.Event()
        self.missed = 0
        """Events that were dropped because newer ones came."""
        self.summary: Summary | None = None
        """The summary of the session, once it has come."""

    def __call__(self, event: SessionEvent, _: float) -> None:
        """Take one event; after the summary nothing comes but the failure of an observer to take it."""
        if isinstance(event, Summary):
            self.summary = event
        self.missed += len(self._events) == self._most
        self._events.append(event)
        self._arrived.set()

    async def next(self) -> SessionEvent | None:
        """Return the oldest event that is left, as soon as there is one; None once all are read after the summary."""
        while not self._events:
            if self.summary is not None:
                return None
            self._arrived.clear()
            await self._arrived.wait()
        return self._events.popleft()
