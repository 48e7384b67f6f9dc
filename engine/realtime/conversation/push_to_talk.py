"""Push-to-talk as the server sees it: turns that a key begins and ends, with or without a connection."""

from __future__ import annotations

from collections import deque

from engine.realtime.conversation.actions import Action, Send
from engine.realtime.protocol.client_events import ClearAudio, CommitAudio, EventIds
from engine.realtime.protocol.errors import COMMIT_EMPTY, code_of
from engine.realtime.protocol.server_events import ServerError

LEAST_COMMIT_MS = 100
"""Servers refuse to commit less than that: nobody says anything in so short a time."""
_MOST_OPEN = 8
"""Most open turns; the server took older ones without confirming them."""


class PushToTalk:
    """The turn that a key begins and ends, and the ended ones that no server has taken yet.

    Example:
        >>> push_to_talk = PushToTalk(EventIds("voice"))
        >>> push_to_talk.held = True
        >>> push_to_talk.release(900)
        [Send(event=CommitAudio(event_id='voice_1'))]
        >>> push_to_talk.disconnected()
        True
    """

    def __init__(self, ids: EventIds) -> None:
        self.held = False
        self._ids = ids
        self._open: deque[str] = deque(maxlen=_MOST_OPEN)
        """Event ids of the commits of open turns."""
        self._late = ""
        """Event id of the commit that was sent behind held words; its answer is not asked for yet."""

    def release(self, sent_ms: int) -> list[Action]:
        """End the turn: it is committed, cleared where it is too short, and nothing where nothing was sent."""
        self.held = False
        if sent_ms < LEAST_COMMIT_MS:
            return [Send(ClearAudio(self._ids.next()))] if sent_ms > 0 else []
        return [Send(self._commit())]

    def disconnected(self) -> bool:
        """Note the loss of the connection; True where a turn is lost with it."""
        is_lost = bool(self._open)
        self._open.clear()
        return is_lost

    def reconnected(self) -> CommitAudio | None:
        """Return what is sent behind the held words, if a turn ended among them: all of them are one turn."""
        if not self._open:
            return None
        self._open.clear()
        commit = self._commit()
        self._late = commit.event_id
        return commit

    def taken(self) -> bool:
        """Note that the server took a turn; True if it is one that is still to be answered.

        Not before, since a server that was given nothing fresh refuses the commit, and there is nothing to answer.
        """
        return bool(self._open) and self._open.popleft() == self._late

    def answered(self) -> None:
        """Note that an answer to the newest turn began: not every server says that it has taken one."""
        self._open.clear()

    def refused(self, error: ServerError) -> str:
        """Return which commit a server refuses with this error, by its event id; "" for none."""
        if not error.event_id and code_of(error) == COMMIT_EMPTY and self._open:
            return self._open[0]  # servers take them in order
        return error.event_id if error.event_id in self._open else ""

    def forget(self, event_id: str) -> bool:
        """Forget a refused commit; True if nothing is left of words that had been held."""
        self._open.remove(event_id)
        return event_id == self._late

    def _commit(self) -> CommitAudio:
        commit = CommitAudio(self._ids.next())
        self._open.append(commit.event_id)
        return commit
