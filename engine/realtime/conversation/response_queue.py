"""The gate for response.create: wishes are merged, one at most is on its way, and a refused one goes again.

Two facts make up its state: whether a wish waits, and what became of the last response.create (`State`). The second
moves by `TABLE`, the only place that says what follows what. A refusal may come after a response has begun, because
that response may be the server's own.
"""

from __future__ import annotations

from enum import Enum, auto

from engine.realtime.protocol.client_events import CreateResponse, EventIds
from engine.realtime.protocol.errors import ALREADY_ACTIVE, code_of
from engine.realtime.protocol.server_events import ServerError

_MOST_RETRIES, _MOST_UNNAMED_RETRIES = 1, 3
"""A refusal that names no event may be that of an earlier one, whose place another response was taken for."""


class State(Enum):
    """State of the last response.create."""

    IDLE = auto()
    """Nothing is on its way, and no error is about it any more."""
    REQUESTED = auto()
    """It is sent; the server has not reacted."""
    WITHDRAWN = auto()
    """It is sent, but the user turned to something else before the server reacted."""
    BEGUN = auto()
    """A response began: ours, or the server's own, and then ours is refused next."""
    TURNED_AWAY = auto()
    """A response began, was taken for the answer to the withdrawn one, and cancelled."""
    REFUSED_BUSY = auto()
    """It was refused because of a running response that the server has not announced. It is wanted again; as soon as
    that response is known, the caller waits for its end."""


class Input(Enum):
    """Event that moves a response.create from one state to the next."""

    SEND = auto()
    BEGIN = auto()
    """The server began a response."""
    FORGET = auto()
    """The user turned to something else."""
    REFUSE = auto()
    """The server refused it for good."""
    BUSY = auto()
    """The server refused it because a response is running."""
    GIVE_UP = auto()
    """The server has not reacted for too long."""


class Effect(Enum):
    """Duty that comes with a transition."""

    CANCEL = auto()
    """Cancel the response that began: it answers an older turn."""
    RETRY = auto()
    """Send it once more, unless it was refused too often: then the refusal is for good."""
    RENEW = auto()
    """Send it again as a new one: it was never tried in its own right."""


IDLE, REQUESTED, WITHDRAWN, BEGUN, TURNED_AWAY, REFUSED_BUSY = State
SEND, BEGIN, FORGET, REFUSE, BUSY, GIVE_UP = Input

TABLE: dict[State, dict[Input, State]] = {
    IDLE: {SEND: REQUESTED, BEGIN: IDLE, FORGET: IDLE, REFUSE: IDLE, BUSY: IDLE, GIVE_UP: IDLE},
    REQUESTED: {BEGIN: BEGUN, FORGET: WITHDRAWN, REFUSE: IDLE, BUSY: REFUSED_BUSY, GIVE_UP: IDLE},
    WITHDRAWN: {BEGIN: TURNED_AWAY, FORGET: WITHDRAWN, REFUSE: IDLE, BUSY: IDLE, GIVE_UP: IDLE},
    BEGUN: {SEND: REQUESTED, BEGIN: BEGUN, FORGET: IDLE, REFUSE: IDLE, BUSY: IDLE, GIVE_UP: IDLE},
    TURNED_AWAY: {SEND: REQUESTED, BEGIN: IDLE, FORGET: IDLE, REFUSE: IDLE, BUSY: IDLE, GIVE_UP: IDLE},
    REFUSED_BUSY: {BEGIN: IDLE, FORGET: IDLE, REFUSE: REFUSED_BUSY, BUSY: REFUSED_BUSY, GIVE_UP: IDLE},
}
"""Next state by state and input. A state without SEND must not send: the wish waits until it has left that state."""
EFFECTS = {
    (WITHDRAWN, BEGIN): Effect.CANCEL,
    (REQUESTED, BUSY): Effect.RETRY,
    (BEGUN, BUSY): Effect.RETRY,
    (TURNED_AWAY, BUSY): Effect.RENEW,
}


class Wish(Enum):
    """Reason for the newest wish; it outlives the sending, because the request may be refused."""

    TURN = auto()
    """A turn of the user."""
    TOOLS = auto()
    """The results of tools."""
    TOOLS_OVERTAKEN = auto()
    """The results of tools, and a response began since: perhaps the server's own to the same results."""


class ResponseGate:
    """Decides when a response.create may go out.

    The caller says whether the conversation is free for it: nobody speaks, and no response that we know of is running.
    """

    def __init__(self) -> None:
        self.state = State.IDLE
        self._wanted = False
        """A wish waits to be sent; it may do so while an older request is still on its way."""
        self._wish = Wish.TURN
        self._sent = ""
        """event_id of the last response.create."""
        self._retries = 0
        self._server_follows_tools = False
        """The server has been seen to answer the results of tools by itself."""

    @property
    def busy(self) -> bool:
        """True while a response is wanted or asked for."""
        return self._wanted or self.asked

    @property
    def asked(self) -> bool:
        """True while a response.create is on its way, and the response it is to begin is not yet known."""
        return SEND not in TABLE[self.state]

    def want(self, *, after_tools: bool = False) -> None:
        """Ask for a response; a wish that waits already is the same wish."""
        is_for_tools = after_tools and not (self._wanted and self._wish is Wish.TURN)
        self._wish = Wish.TOOLS if is_for_tools else Wish.TURN
        self._wanted, self._retries = True, 0

    def forget(self) -> None:
        """Drop the wish, and what is on its way with it: a new turn of the user takes its place."""
        self._wanted = False
        self._step(FORGET)

    def give_up(self) -> None:
        """Wait for no reaction any longer; a wish that waits can be sent."""
        self._step(GIVE_UP)

    def take(self, ids: EventIds, *, free: bool) -> CreateResponse | None:
        """Return the event to send, if there is a wish and nothing stands in its way."""
        if not self._wanted or not free or self.asked:
            return None
        self._step(SEND)
        self._wanted, self._sent = False, ids.next()
        return CreateResponse(self._sent)

    def response_created(self) -> bool:
        """Take the beginning of a response, ours or the server's own.

        Returns:
            True if it answers what was asked before the user turned to something else, and is to be cancelled.
        """
        if self._wish is Wish.TOOLS:
            self._wish = Wish.TOOLS_OVERTAKEN
        return self._step(BEGIN) is Effect.CANCEL

    def refused(self, error: ServerError) -> bool:
        """Take an error event; return True if it refuses our response.create, which then goes again.

        Some servers name no event: a response that runs already is then the refusal of the last one sent.
        """
        is_busy = code_of(error) == ALREADY_ACTIVE
        is_ours = error.event_id == self._sent if error.event_id else is_busy
        if not is_ours:
            return False
        most = _MOST_RETRIES if error.event_id else _MOST_UNNAMED_RETRIES
        event = BUSY if is_busy else REFUSE
        if EFFECTS.get((self.state, event)) is Effect.RETRY and self._gives_up(most):
            event = REFUSE
        effect = self._step(event)
        if effect is None:
            return False
        self._retries = self._retries + 1 if effect is Effect.RETRY else 0
        self._wanted = True
        return True

    def _step(self, event: Input) -> Effect | None:
        """Move by the table; return what is to be done."""
        effect = EFFECTS.get((self.state, event))
        self.state = TABLE[self.state][event]
        return effect

    def _gives_up(self, most: int) -> bool:
        """Whether the refusal is final: there were enough, or the server always answers the results of tools by itself.

        When the server does so for the first time, ours is sent once more all the same. A server that does so each time
        would answer every call twice, and a model that then calls again would never end.
        """
        if self._retries >= most:
            return True
        if self._wish is not Wish.TOOLS_OVERTAKEN:
            return False
        is_habit, self._server_follows_tools = self._server_follows_tools, True
        return is_habit
