"""Push-to-talk as the server sees it: what the press and the release of a key come to."""

from __future__ import annotations

from engine.realtime.actions import Action, Send
from engine.realtime.client_events import ClearAudio, CommitAudio, EventIds

LEAST_COMMIT_MS = 100
"""Servers refuse to commit less than that: nobody says anything in so short a time."""


class KeyTurn:
    """The turn that a key begins and ends.

    Example:
        >>> turn = KeyTurn(EventIds("voice"))
        >>> turn.held = True
        >>> turn.release(900)
        [Send(event=CommitAudio(event_id='voice_1'))]
    """

    def __init__(self, ids: EventIds) -> None:
        self.held = False
        self._ids = ids
        self._commit_event = ""

    def release(self, sent_ms: int) -> list[Action]:
        """End the turn: it is committed, cleared where it is too short, and nothing where nothing was sent."""
        self.held = False
        if sent_ms >= LEAST_COMMIT_MS:
            self._commit_event = self._ids.next()
            return [Send(CommitAudio(self._commit_event))]
        return [Send(ClearAudio(self._ids.next()))] if sent_ms > 0 else []

    def was_refused(self, event_id: str) -> bool:
        """Whether an error names the last commit: then there is nothing to answer."""
        return bool(event_id) and event_id == self._commit_event
