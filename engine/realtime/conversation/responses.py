"""Responses of a conversation: those that run, the calls they owe an answer, and results not yet spoken about."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from engine.audio.playback.segments import Heard, ItemKey
from engine.realtime.conversation.actions import (
    Action,
    InterruptTools,
    RunTool,
    Send,
    Show,
    ToolCall,
    ToolResult,
    Trace,
    ending,
)
from engine.realtime.conversation.answers import Answer
from engine.realtime.protocol.client_events import CancelResponse, EventIds
from engine.realtime.protocol.errors import describe
from engine.realtime.protocol.server_events import ArgumentsDone, Item, ResponseDone, ServerError, Usage
from engine.realtime.session_events import ErrorShown, ResponseEnded, ResponseUsage, ToolCalled

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


_CUT = {
    "max_output_tokens": "it has reached the most tokens that one answer may have",
    "content_filter": "its content filter withholds the rest",
}
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

    def answer(self, item_id: str, begun: Callable[[Answer], None]) -> Answer:
        """The record of an item, which begins with its first word or sound."""
        if item_id not in self.answers:
            self.answers[item_id] = Answer(item_id, self.id)
            begun(self.answers[item_id])
        return self.answers[item_id]

    def end_audio(self, item_id: str, content_index: int) -> list[Action]:
        """Note that all audio of a part has come."""
        answer = None if self.silenced else self.answers.get(item_id)
        return answer.end_audio(content_index) if answer else []

    def announce(self, event: ArgumentsDone) -> None:
        """Remember a call: this is also sent for one that was cut, so that it runs when the response is complete."""
        if event.name:
            call = Item(type="function_call", name=event.name, call_id=event.call_id, arguments=event.arguments)
            self.calls.setdefault(event.call_id, call)

    def calls_of(self, done: ResponseDone) -> list[Item]:
        """The calls that its end shows to be whole."""
        whole = done.status in ("", "completed")
        return [*self.calls.values(), *(item for item in done.output if item.type == "function_call")] if whole else []

    def outcome(self, done: ResponseDone) -> list[Action]:
        """Return what the person is to know of the way it ended, or the end of the session."""
        reason, error = done.details.reason, done.details.error or ServerError()
        if done.status == "failed":
            return ending(error) or [Show(ErrorShown(f"The answer failed: {describe(error)}", error.code))]
        if done.status == "incomplete" and not self.interrupted:
            why = _CUT.get(reason, reason or "no reason was given")
            return [Show(ErrorShown(f"The service cut the answer: {why}.", reason))]
        return []

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
    """The newest responses, oldest first; some servers give several the same id, or none."""

    def __init__(self) -> None:
        self._responses: list[Response] = []

    def __iter__(self) -> Iterator[Response]:
        return iter(self._responses)

    def find(self, response_id: str) -> Response | None:
        """Return the newest response of that id; an empty one means the newest of all."""
        found = (response for response in reversed(self._responses) if response_id in ("", response.id))
        return next(found, None)

    def add(self, response: Response) -> None:
        """Remember a response as the newest and forget old ones that nothing is expected of."""
        self._responses.append(response)
        ended = [r for r in self if not r.active and not r.unanswered]
        for old in ended[: max(0, len(self._responses) - KEPT)]:
            self._responses = [response for response in self if response is not old]
        del self._responses[:-MOST]

    def take_call(self, response: Response, item: Item, server_tools: Collection[str]) -> list[Action]:
        """Run a call once, and never one that was cut; what the server runs itself is only shown."""
        if not (item.call_id or response.silenced):
            return [Show(ErrorShown(f"The server calls {item.name} without an id, so it is not run.", "no_call_id"))]
        is_running = any(item.call_id in other.unanswered for other in self)
        is_known = is_running or item.call_id in response.taken_calls
        if response.silenced or is_known or item.status == "incomplete":
            return [Trace(f"call {item.call_id} of {item.name} is not run")]
        response.taken_calls.add(item.call_id)
        call, on_server = ToolCall(item.call_id, item.name, item.arguments), item.name in server_tools
        shown = Show(ToolCalled(item.name, call.shown_arguments, item.call_id, on_server))
        if on_server:
            return [shown]
        response.unanswered.add(item.call_id)
        return [shown, RunTool(call)]

    def answers_of(self, item_id: str) -> list[Answer]:
        """The answers that are this item: one, unless a server uses its id again."""
        return [response.answers[item_id] for response in self if item_id in response.answers]

    def cut(self, heard: Iterable[Heard]) -> list[Action]:
        """Take how much was heard of items that sound no more; return what to show of their text."""
        actions: list[Action] = []
        of_items: dict[str, list[Heard]] = {}
        for part in heard:
            of_items.setdefault(part.key.item_id, []).append(part)
        for item_id, parts in of_items.items():
            for answer in self.answers_of(item_id)[-1:]:
                actions += answer.cut(parts)
        return actions

    def sounded(self, item_id: str, sounding: Mapping[ItemKey, Heard]) -> str | None:
        """Return the words of an item that have sounded; None where it is not remembered. See `Answer.sounded`."""
        found = (response for response in reversed(self._responses) if item_id in response.answers)
        if (response := next(found, None)) is None:
            return None
        is_over = response.state is State.DONE and not response.interrupted
        return response.answers[item_id].sounded(sounding, is_over=is_over)

    @property
    def played_items(self) -> set[str]:
        """The items that were played, or still play."""
        answers = (answer for response in self for answer in response.answers.values())
        return {answer.item_id for answer in answers if answer.has_audio()}

    @property
    def running(self) -> list[Response]:
        """Those that are not done."""
        return [response for response in self if response.active]


class PendingResults:
    """Tool results the model has not spoken about yet, and the farewell after a tool has ended the conversation.

    A user who speaks while a tool runs is answered first. The result is then spoken of only where that answer began
    before the result was there, so that the model cannot have seen it.

    Example:
        >>> response, pending_results = Response("r1", State.DONE, unanswered={"c1"}), PendingResults()
        >>> pending_results.returned(response, ToolResult("c1", "look", "1"))
        True
    """

    def __init__(self) -> None:
        self.pending = False
        """A tool that ran on through an interruption has returned, and no response has begun since."""
        self.remote_pending = False
        """The same of a call that the service made itself, interrupted or not."""
        self.farewell = False
        """A tool ended the conversation: it is over when the agent's last words have been heard."""

    def returned(self, response: Response, result: ToolResult) -> bool:
        """Note what a call of a response came to; return whether the model is to go on now."""
        response.unanswered.discard(result.call_id)
        response.owes_follow_up = True
        response.ends_conversation |= result.ends
        self.farewell |= result.ends and not response.interrupted
        self.pending |= response.interrupted and not result.stopped
        return response.take_follow_up()

    def user_turned(self, responses: Responses) -> list[InterruptTools]:
        """Note that the user speaks: this is no farewell any more. Return which calls that interrupts."""
        self.farewell = False
        calls = tuple(call_id for response in responses for call_id in sorted(response.unanswered))
        return [InterruptTools(calls)] if calls else []

    @property
    def waiting(self) -> bool:
        """Whether a result is still to be spoken of."""
        return self.pending or self.remote_pending

    def response_began(self) -> None:
        """Note that a response began: it sees all that was there before."""
        self.pending = self.remote_pending = False

    def take_pending(self, *, free: bool) -> bool:
        """Return True once, when something is to be spoken of and the conversation is free for it."""
        due = self.waiting and free
        if due:
            self.pending = self.remote_pending = False
        return due
