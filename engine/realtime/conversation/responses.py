"""The responses of a conversation: which is running, which was interrupted, which calls it still owes an answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto

from engine.realtime.conversation.actions import Action, Send, Show
from engine.realtime.conversation.answers import Answer
from engine.realtime.protocol.client_events import CancelResponse, EventIds
from engine.realtime.protocol.server_events import Item, Usage
from engine.realtime.session_events import ResponseEnded, ResponseUsage

KEPT = 64
"""Ended responses that are remembered, to know their late events; a session may last for days."""
MOST = 256
"""With those that a server never ended, or whose tools never returned."""


class State(Enum):
    """State of a response."""

    RUNNING = auto()
    GIVEN_UP = auto()
    """Nothing is expected of it any more, but its end may still come, with the usage."""
    DONE = auto()


_WITHOUT_FOLLOW_UP = {"cancelled", "failed"}


@dataclass(slots=True)
class Response:
    """One response of the server."""

    id: str
    state: State = State.RUNNING
    interrupted: bool = False
    """The user spoke since: nothing of it is played, shown or run any more."""
    cancel_id: str = ""
    """event_id of our response.cancel."""
    status: str = ""
    """The status in response.done."""
    unanswered: set[str] = field(default_factory=set)
    """call_ids of our tools that have not returned."""
    owes_follow_up: bool = False
    """A tool's output was sent that the model has not seen."""
    ends_conversation: bool = False
    """A tool ended the conversation; words of this response are the farewell."""
    audio_bytes: int = 0
    """Size of its audio as it came, as far as it was not told."""
    calls: dict[str, Item] = field(default_factory=dict)
    """Calls of tools by call_id that were announced, but may have been cut."""
    taken_calls: set[str] = field(default_factory=set)
    answers: dict[str, Answer] = field(default_factory=dict)
    """Its answers, by item."""

    @property
    def active(self) -> bool:
        """True if its end is still to come, as far as we know."""
        return self.state is State.RUNNING

    @property
    def silenced(self) -> bool:
        """True if its items are no longer acted on."""
        return self.interrupted or self.status in _WITHOUT_FOLLOW_UP

    @property
    def spoke(self) -> bool:
        """True if some of its audio went to the player."""
        return any(answer.has_audio() for answer in self.answers.values())

    def cancel(self, ids: EventIds) -> list[Action]:
        """Ask the server, once, to stop it."""
        if self.cancel_id:
            return []
        self.cancel_id = ids.next()
        return [Send(CancelResponse(self.cancel_id, self.id))]

    def end(self, status: str, usage: Usage | None = None, *, state: State = State.DONE) -> list[Action]:
        """Close what it left open; `status` is what became of it, `usage` what the server counted."""
        actions: list[Action] = []
        if self.active:
            if not self.interrupted:
                actions += [action for answer in self.answers.values() for action in answer.finish()]
            actions.append(Show(ResponseEnded(self.id, status)))
        self.state, self.status = state, status
        audio_bytes, self.audio_bytes = self.audio_bytes, 0
        return [*actions, Show(ResponseUsage(self.id, usage, audio_bytes))]

    def give_up(self) -> list[Action]:
        """Expect nothing of it any more."""
        return self.end("incomplete", state=State.GIVEN_UP)

    def take_follow_up(self) -> bool:
        """Return True once, when it is done and all its calls are answered: then the model is to go on."""
        due = self.owes_follow_up and not (self.active or self.unanswered or self.silenced)
        due = due and not (self.ends_conversation and self.spoke)
        if due:
            self.owes_follow_up = False
        return due


class Responses:
    """The newest responses by id."""

    def __init__(self) -> None:
        self._by_id: dict[str, Response] = {}
        self._latest: Response | None = None

    def __iter__(self) -> Iterator[Response]:
        return iter(self._by_id.values())

    def find(self, response_id: str) -> Response | None:
        """Return the response; an empty id means the newest one."""
        if not response_id:
            return self._latest
        return self._by_id.get(response_id)

    def add(self, response: Response) -> None:
        """Remember a response as the newest and forget old ones that nothing is expected of."""
        self._by_id[response.id] = self._latest = response
        ended = [r.id for r in self if not r.active and not r.unanswered]
        for response_id in ended[: max(0, len(self._by_id) - KEPT)]:
            del self._by_id[response_id]
        while len(self._by_id) > MOST:
            del self._by_id[next(iter(self._by_id))]

    def answer_of(self, item_id: str) -> Answer | None:
        """The newest answer that is this item."""
        responses = reversed(self._by_id.values())
        return next((response.answers[item_id] for response in responses if item_id in response.answers), None)

    @property
    def played_items(self) -> set[str]:
        """The items that were played, or still play."""
        answers = (answer for response in self for answer in response.answers.values())
        return {answer.item_id for answer in answers if answer.has_audio()}

    @property
    def running(self) -> list[Response]:
        """Those that are not done."""
        return [response for response in self if response.active]
