"""The gate for response.create: wishes are merged, and at most one is on its way."""

from __future__ import annotations

from enum import Enum, auto

from engine.realtime.client_events import CreateResponse
from engine.realtime.events import ServerError

ALREADY_ACTIVE = "conversation_already_has_active_response"


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
        self._last_sent = ""
        self._blocked = False
        self._retried = False

    @property
    def busy(self) -> bool:
        """True while a response is wanted or asked for."""
        return self.wanted or bool(self.in_flight)

    def want(self) -> None:
        """Ask for a response; a wish that waits already is the same wish."""
        self.wanted = True
        self._retried = False

    def forget(self) -> None:
        """Drop the wish: a new turn of the user takes its place."""
        self.wanted = self._blocked = False

    def take(self, event_id: str, *, free: bool) -> CreateResponse | None:
        """Return the event to send, if there is a wish and nothing stands in its way."""
        if not self.may_send(free=free):
            return None
        self.wanted = False
        self.in_flight = self._last_sent = event_id
        return CreateResponse(event_id)

    def may_send(self, *, free: bool) -> bool:
        """Whether `take` would return an event."""
        return self.wanted and free and not self.in_flight and not self._blocked

    def response_created(self) -> None:
        """The server began a response: ours, or its own, and then ours is refused next."""
        self.in_flight = ""

    def response_done(self) -> None:
        """A response ended: what waited for it may go."""
        self._blocked = False

    def refused(self, error: ServerError) -> Refusal:
        """Take an error event: is it about our response.create, and what becomes of it?"""
        ours = error.event_id == self._last_sent if error.event_id else bool(self.in_flight)
        if not self._last_sent or not ours:
            return Refusal.NOT_OURS
        if error.code != ALREADY_ACTIVE:
            if not error.event_id:
                return Refusal.NOT_OURS
            self.in_flight = ""
            return Refusal.FINAL
        self.in_flight = ""
        if self._retried:
            return Refusal.FINAL
        self.wanted = self._blocked = self._retried = True
        return Refusal.RETRIED
