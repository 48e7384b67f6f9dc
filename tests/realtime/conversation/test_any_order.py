"""Properties of the conversation that hold for any order of events."""

from __future__ import annotations

from collections import Counter

import hypothesis.strategies as st
from hypothesis import given, settings

from engine.audio.playback.segments import Cut, Heard
from engine.realtime.conversation.actions import Action, PlayAudio, RunTool, Send, Show, ToolResult
from engine.realtime.conversation.machine import Conversation
from engine.realtime.protocol import server_events as e
from engine.realtime.protocol.client_events import CreateItem, CreateResponse
from engine.realtime.session_events import ErrorShown
from tests.realtime.conversation.test_machine import KEY, audio, call

RESPONSES = st.sampled_from(["r1", "r2", "r3"])
ITEMS = st.sampled_from(["i1", "i2"])
CALLS = st.sampled_from(["c1", "c2", "c3"])
EVENTS = st.one_of(
    st.builds(e.SessionCreated, st.just("s")),
    st.builds(e.SpeechStarted),
    st.builds(e.SpeechStopped),
    st.builds(e.ResponseCreated, RESPONSES),
    st.builds(audio, RESPONSES, ITEMS, st.integers(0, 1)),
    st.builds(e.AudioDone, RESPONSES, ITEMS, st.integers(0, 1)),
    st.builds(e.TextDelta, RESPONSES, ITEMS, st.just(0), st.just("word"), st.booleans()),
    st.builds(e.TextDone, RESPONSES, ITEMS, st.just(0), st.just("words"), st.booleans()),
    st.builds(call, CALLS, st.sampled_from(["tool", "web_search"]), RESPONSES),
    st.builds(e.ResponseDone, RESPONSES, st.sampled_from(["completed", "cancelled", "failed", "incomplete", ""])),
    st.builds(
        e.ErrorEvent,
        st.builds(
            e.ServerError,
            code=st.sampled_from(["", "odd", "conversation_already_has_active_response"]),
            event_id=st.sampled_from(["", *(f"voice_{number}" for number in range(1, 12))]),
        ),
    ),
    st.builds(e.UnknownEvent, st.just("x")),
    st.builds(e.MalformedEvent, st.just("broken")),
)
STEPS = st.lists(st.one_of(EVENTS, CALLS, st.just(None)), max_size=60)


class Witness:
    """Feeds a conversation and checks each action against what has happened."""

    def __init__(self, interrupts_by_itself: bool) -> None:
        self.conversation = Conversation("test", server_tools=["web_search"], interrupts_by_itself=interrupts_by_itself)
        self.interrupted: set[str] = set()
        self.done: dict[str, bool] = {}
        """Whether it is done, by response."""
        self.running = ""
        self.is_due = False
        """A response may begin unannounced: the user's turn is over or ours was asked for, and none has begun since."""
        self.speaking = False
        self.started: list[str] = []
        self.answered: list[str] = []
        self.event_ids: list[str] = []

    def take(self, step: e.ServerEvent | str | None) -> None:
        """A server event, a tool that returns (by call id), or the kernel's cut (None)."""
        if isinstance(step, str):
            actions = self.conversation.tool_finished(ToolResult(step, "tool", "x"))
        elif step is None:
            actions = self.conversation.playback_cut(Cut((Heard(KEY, 10, 20),), 8.0))
        else:
            if isinstance(step, e.SpeechStarted | e.SpeechStopped):
                self.speaking, self.is_due = isinstance(step, e.SpeechStarted), isinstance(step, e.SpeechStopped)
                self.interrupted |= self.done.keys() if self.speaking else set()
            response_id = getattr(step, "response_id", "")
            if response_id and self.begins(response_id, step):
                self.interrupted.discard(response_id)
                self.done[response_id], self.running, self.is_due = False, response_id, False
            if isinstance(step, e.ResponseDone):
                self.done[response_id] = True
                self.running = "" if self.running == response_id else self.running
            actions = self.conversation.handle(step)
        for action in actions:
            self.judge(action)

    def begins(self, response_id: str, step: e.ServerEvent) -> bool:
        """Whether a response begins with an event: one of a new id, an announced one, or one that is due."""
        if isinstance(step, e.ResponseCreated):
            return response_id != self.running
        is_again = self.is_due and isinstance(step, e.AudioDelta | e.TextDelta)
        return self.done.get(response_id, True) if is_again else response_id not in self.done

    def judge(self, action: Action) -> None:
        """Nothing old is played, no call runs twice, nobody talks over the user."""
        match action:
            case PlayAudio(response_id):
                assert response_id not in self.interrupted
            case RunTool(tool_call):
                assert tool_call.name != "web_search"
                self.started.append(tool_call.call_id)
            case Show(ErrorShown(message)):
                assert message
            case Send(event):
                self.event_ids.append(event.event_id)
                assert not (isinstance(event, CreateResponse) and self.speaking)
                self.is_due |= isinstance(event, CreateResponse)
                if isinstance(event, CreateItem):
                    self.answered.append(event.item["call_id"])


@given(STEPS, st.booleans())
@settings(max_examples=300)
def test_any_order_of_anything(steps: list[e.ServerEvent | str | None], by_itself: bool) -> None:
    witness = Witness(by_itself)
    for step in steps:
        witness.take(step)
    # A later response may use the id of a call again.
    called = Counter(step.item.call_id for step in steps if isinstance(step, e.OutputItemDone))
    assert Counter(witness.answered) <= Counter(witness.started) <= called
    assert len(witness.event_ids) == len(set(witness.event_ids))
