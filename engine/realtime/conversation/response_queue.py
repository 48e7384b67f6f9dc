"""The gate for response.create: wishes are merged, one at most is on its way, and a refused one goes again."""

from __future__ import annotations

from enum import Enum, auto

from engine.realtime.protocol.client_events import CreateResponse, EventIds
from engine.realtime.protocol.server_events import ServerError

ALREADY_ACTIVE = "conversation_already_has_active_response"
_MOST_RETRIES, _MOST_UNNAMED_RETRIES = 1, 3
"""A refusal that names no event may be that of an earlier one, whose place another response was taken for."""


class Refusal(Enum):
    """What an error means for the gate."""

    NOT_OURS = auto()
    RETRIED = auto()
    """It is sent once more when the running response is done."""
    FINAL = auto()


class ResponseGate:
    """Decides when a response.create may go out; the caller says whether the conversation is free for it."""

    def __init__(self) -> None:
        self.wanted = False
        self.in_flight = ""
        """event_id of a response.create the server has not reacted to."""
        self._sent = ""
        """event_id of the last one, which an error may still name when a response has begun."""
        self._forgotten = False
        """The user turned to something else since that was sent."""
        self._turned_away = False
        """A response was taken for the answer to that one, and so not wanted."""
        self._blocked = False
        """A response runs of which we only know by a refusal."""
        self._ended_since = False
        """A response ended since that was sent: the one that stood in its way, if its refusal comes only then."""
        self._retries = 0
        self._follows_tools = False
        self._begun_since = False
        """A response began since the wish."""
        self._server_follows_tools = False

    @property
    def busy(self) -> bool:
        """True while a response is wanted or asked for."""
        return self.wanted or bool(self.in_flight)

    def want(self, *, after_tools: bool = False) -> None:
        """Ask for a response; a wish that waits already is the same wish."""
        self._follows_tools = after_tools and (self._follows_tools or not self.wanted)
        self.wanted = True
        self._retries, self._begun_since = 0, False

    def forget(self) -> None:
        """Drop the wish, and what is on its way with it: a new turn of the user takes its place."""
        self.wanted = self._blocked = self._turned_away = False
        self._forgotten = True

    def take(self, ids: EventIds, *, free: bool) -> CreateResponse | None:
        """Return the event to send, if there is a wish and nothing stands in its way."""
        if not self.wanted or not free or self.in_flight or self._blocked:
            return None
        self.wanted = self._forgotten = self._turned_away = self._ended_since = False
        self.in_flight = self._sent = ids.next()
        return CreateResponse(self.in_flight)

    def response_created(self) -> bool:
        """The server began a response: ours, or its own, and then ours is refused next.

        Returns:
            True if it answers what was asked before the user turned to something else.
        """
        self._turned_away = bool(self.in_flight) and self._forgotten
        self.in_flight = ""
        self._begun_since = True
        return self._turned_away

    def response_done(self) -> None:
        """A response ended: what waited for it may go."""
        self._blocked, self._ended_since = False, True

    def refused(self, error: ServerError) -> Refusal:
        """Take an error event: is it about our response.create, and what becomes of it?

        Some servers name no event: a response that runs already is then the refusal of the last one sent.
        """
        is_busy = error.code == ALREADY_ACTIVE
        named = error.event_id or (self._sent if is_busy else "")
        if not named or named != self._sent:
            return Refusal.NOT_OURS
        most = _MOST_RETRIES if error.event_id else _MOST_UNNAMED_RETRIES
        self.in_flight = self._sent = ""
        if is_busy and self._turned_away:
            # Refused, ours never began: what was turned away was the server's answer to the newer turn.
            self._turned_away, self._retries = False, 0
        elif not is_busy or self._forgotten or self._retries >= most or self._is_met():
            return Refusal.FINAL
        else:
            self._retries += 1
        self.wanted, self._blocked = True, not self._ended_since
        return Refusal.RETRIED

    def _is_met(self) -> bool:
        """Whether the response that stands in the way is the server's own to the same tools.

        Seen for the first time, ours is sent once more all the same. A server that does so each time would answer every
        call twice, and a model that then calls again would never end.
        """
        by_server = self._follows_tools and self._begun_since
        is_habit = by_server and self._server_follows_tools
        self._server_follows_tools = self._server_follows_tools or by_server
        return is_habit
