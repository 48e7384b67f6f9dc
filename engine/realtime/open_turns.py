"""Turns by key that were ended and that no server has taken yet: committed again, or told to the person as lost."""

from __future__ import annotations

from collections import deque

from engine.realtime.client_events import CommitAudio, EventIds
from engine.realtime.events import ServerError
from engine.realtime.server_errors import COMMIT_EMPTY

_MOST = 8
"""Beyond them, the server has taken them without a word."""


class OpenTurns:
    """Remembers the commits that are on their way, or wait for a connection.

    Example:
        >>> turns = OpenTurns()
        >>> turns.ended(CommitAudio("voice_1"))
        >>> turns.left(goes_again=True)
        False
        >>> turns.resumed(EventIds("again"))
        CommitAudio(event_id='again_1')
        >>> turns.taken()
        True
    """

    def __init__(self) -> None:
        self._commits: deque[CommitAudio] = deque(maxlen=_MOST)
        self._late: CommitAudio | None = None
        """The one that was sent behind what had been held; nobody has asked for an answer to it."""

    def ended(self, commit: CommitAudio) -> None:
        """Note the end of a turn, with or without a connection."""
        self._commits.append(commit)

    def left(self, *, goes_again: bool) -> bool:
        """Note the loss of the connection; True where a turn is lost with it.

        Args:
            goes_again: The next server is sent the words that this one may not have heard.
        """
        self._late = None
        is_lost = bool(self._commits) and not goes_again
        if is_lost:
            self._commits.clear()
        return is_lost

    def resumed(self, ids: EventIds) -> CommitAudio | None:
        """Return what is sent behind the held words, if a turn ends there: all of them are one in the new buffer."""
        if self._commits:
            self._late = CommitAudio(ids.next())
            self._commits.clear()
            self._commits.append(self._late)
        return self._late

    def taken(self) -> bool:
        """Note that the server took a turn; True if it is one that is still to be answered.

        Only now, since a server that was given nothing fresh refuses the commit: an answer would be one to nothing.
        """
        if self._commits:
            self._commits.popleft()
        was_late, self._late = self._late is not None, None
        return was_late

    def refused(self, error: ServerError) -> bool:
        """Take an error; True if it means that nothing is left of a turn whose words had been held."""
        if not error.event_id and error.code == COMMIT_EMPTY:
            refused = list(self._commits)[:1]  # a server takes them in their order
        else:
            refused = [commit for commit in self._commits if commit.event_id == error.event_id]
        for commit in refused:
            self._commits.remove(commit)
        was_late = self._late in refused
        if was_late:
            self._late = None
        return was_late

    def answered(self) -> None:
        """Note that an answer to the newest turn began: not every server says that it has taken one."""
        self._commits.clear()
