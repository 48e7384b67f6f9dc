"""The conversation's decisions, event by event."""

from __future__ import annotations

from typing import Any

import pytest

from engine.audio.playback.segments import Cut, Heard, ItemKey
from engine.realtime.conversation.actions import (
    Action,
    EndAudio,
    PlayAudio,
    RenewConnection,
    RunTool,
    Send,
    Show,
    StopPlayback,
    ToolResult,
)
from engine.realtime.conversation.machine import Conversation
from engine.realtime.protocol import server_events as e
from engine.realtime.protocol.client_events import (
    CancelResponse,
    ClientEvent,
    CreateItem,
    CreateResponse,
    DeleteItem,
    TruncateItem,
)
from engine.realtime.session_events import (
    AgentText,
    AgentTextDelta,
    BargeIn,
    ToolCalled,
    UserTranscript,
    UserTranscriptDelta,
)

KEY = ItemKey("i1", 0)


def new() -> Conversation:
    """A conversation whose server does not interrupt by itself."""
    return Conversation("test", server_tools=["web_search"], interrupts_by_itself=False)


def sent(actions: list[Action]) -> list[ClientEvent]:
    """The events that go out."""
    return [action.event for action in actions if isinstance(action, Send)]


def shown(actions: list[Action]) -> list[Any]:
    """The session events that are shown."""
    return [action.notice for action in actions if isinstance(action, Show)]


def run(conversation: Conversation, *events: e.ServerEvent) -> list[Action]:
    """All actions of several events."""
    return [action for event in events for action in conversation.handle(event)]


def call(call_id: str, name: str = "tool", response_id: str = "r1") -> e.OutputItemDone:
    """A finished function call."""
    item = e.Item(id=f"item_{call_id}", type="function_call", name=name, call_id=call_id, arguments="{}")
    return e.OutputItemDone(response_id, item)


def audio(response_id: str = "r1", item_id: str = "i1", content_index: int = 0) -> e.AudioDelta:
    """Some audio."""
    return e.AudioDelta(response_id, item_id, content_index, b"\0\0")


def test_the_speaker_is_silenced_before_anything_else() -> None:
    conversation = new()
    run(conversation, e.ResponseCreated("r1"), audio())
    actions = conversation.handle(e.SpeechStarted("u1"))
    assert isinstance(actions[0], StopPlayback)
    assert [type(event) for event in sent(actions)] == [CancelResponse]


def test_a_server_that_interrupts_by_itself_is_not_told_to() -> None:
    conversation = Conversation("test")
    run(conversation, e.ResponseCreated("r1"), audio())
    assert not sent(conversation.handle(e.SpeechStarted("u1")))


def test_late_events_of_an_interrupted_answer_do_nothing() -> None:
    conversation = new()
    run(conversation, e.ResponseCreated("r1"), audio(), e.SpeechStarted("u1"))
    late = run(
        conversation,
        audio(),
        e.TextDelta("r1", "i1", 0, "late"),
        e.TextDone("r1", "i1", 0, "late"),
        call("c1"),
        e.AudioDone("r1", "i1", 0),
        e.ResponseDone("r1", "cancelled"),
    )
    assert not [action for action in late if isinstance(action, PlayAudio | EndAudio | RunTool)]
    assert not [
        session_event
        for session_event in shown(late)
        if isinstance(session_event, AgentText | AgentTextDelta | ToolCalled)
    ]


def test_a_late_delta_of_an_answer_that_is_over_begins_no_other_while_only_the_result_of_a_tool_waits() -> None:
    conversation = new()
    run(conversation, e.ResponseCreated("r1"), call("c1"), e.SpeechStarted("u1"), e.ResponseDone("r1", "cancelled"))
    conversation.tool_finished(ToolResult("c1", "tool", "1"))
    late = run(conversation, audio(), e.TextDelta("r1", "i1", 0, "late"))
    assert not [action for action in late if isinstance(action, PlayAudio | Show)]
    # Once the user has spoken, it is a server that uses its ids again and announces nothing.
    again = run(conversation, e.SpeechStopped("u1"), audio())
    assert [action for action in again if isinstance(action, PlayAudio)]


def test_truncate_clamps_deletes_at_zero_and_cuts_each_item() -> None:
    conversation = new()
    run(conversation, e.ResponseCreated("r1"), audio(), audio(item_id="i2"), e.SpeechStarted("u1"))
    cut = Cut((Heard(KEY, 1200, 1000), Heard(ItemKey("i2", 0), 0, 500)), 8.0)
    actions = conversation.playback_cut(cut)
    truncate, delete = sent(actions)
    assert isinstance(truncate, TruncateItem)
    assert (truncate.item_id, truncate.content_index, truncate.audio_end_ms) == ("i1", 0, 1000)
    assert isinstance(delete, DeleteItem)
    assert delete.item_id == "i2"
    assert shown(actions) == [BargeIn(1000, "i1", 8.0)]


def test_an_unheard_part_of_an_item_that_was_heard_is_truncated_not_deleted() -> None:
    conversation = new()
    run(conversation, e.ResponseCreated("r1"), audio(), audio(content_index=1), e.SpeechStarted("u1"))
    (event,) = sent(conversation.playback_cut(Cut((Heard(ItemKey("i1", 1), 0, 500),), 8.0)))
    assert isinstance(event, TruncateItem)
    assert (event.content_index, event.audio_end_ms) == (1, 0)


def test_no_follow_up_before_response_done_and_all_outputs() -> None:
    conversation = new()
    run(conversation, e.ResponseCreated("r1"), call("c1"), call("c2"))
    first = conversation.tool_finished(ToolResult("c1", "tool", "1"))
    assert [type(event) for event in sent(first)] == [CreateItem]
    assert not sent(conversation.handle(e.ResponseDone("r1", "completed")))
    last = conversation.tool_finished(ToolResult("c2", "tool", "2"))
    assert [type(event) for event in sent(last)] == [CreateItem, CreateResponse]
    assert not conversation.tool_finished(ToolResult("c2", "tool", "2"))


def test_a_tool_that_returns_after_an_interruption_answers_and_does_not_talk_over_the_new_turn() -> None:
    conversation = new()
    run(conversation, e.ResponseCreated("r1"), call("c1"), e.ResponseDone("r1", "completed"), e.SpeechStarted("u1"))
    assert [type(event) for event in sent(conversation.tool_finished(ToolResult("c1", "tool", "1")))] == [CreateItem]
    assert not sent(run(conversation, e.SpeechStopped("u1"), e.ResponseCreated("r2"), e.ResponseDone("r2")))


def test_a_refused_response_create_is_retried_once_when_the_running_one_is_done() -> None:
    conversation = new()
    run(conversation, e.ResponseCreated("r1"), call("c1"), e.ResponseDone("r1", "completed"))
    (_, create) = sent(conversation.tool_finished(ToolResult("c1", "tool", "1")))
    refusal = e.ServerError("busy", code="conversation_already_has_active_response", event_id=create.event_id)
    refused = conversation.handle(e.ErrorEvent(refusal))
    assert not sent(refused)
    assert not shown(refused)
    assert not sent(conversation.handle(e.ResponseCreated("r2")))
    (again,) = sent(conversation.handle(e.ResponseDone("r2", "completed")))
    assert isinstance(again, CreateResponse)
    assert not sent(conversation.handle(e.ErrorEvent(e.ServerError(code=refusal.code, event_id=again.event_id))))
    assert conversation.idle


def test_a_refusal_that_names_no_event_may_be_that_of_an_older_request_and_uses_up_no_newer_one() -> None:
    conversation = new()
    busy = e.ErrorEvent(e.ServerError("busy", code="conversation_already_has_active_response"))
    conversation.user_typed("one")
    conversation.user_typed("two")
    # The server's own, taken for the answer to the first: the refusal of that comes only when the second was asked for.
    run(conversation, e.ResponseCreated("r1"), e.ResponseDone("r1", "completed"), e.ResponseCreated("r2"), busy)
    assert [type(event) for event in sent(conversation.handle(e.ResponseDone("r2", "completed")))] == [CreateResponse]
    run(conversation, e.ResponseCreated("r3"), busy)
    assert [type(event) for event in sent(conversation.handle(e.ResponseDone("r3", "completed")))] == [CreateResponse]


def test_a_response_asked_for_before_the_user_spoke_is_not_played() -> None:
    conversation = new()
    run(conversation, e.ResponseCreated("r1"), call("c1"), e.ResponseDone("r1", "completed"))
    conversation.tool_finished(ToolResult("c1", "tool", "1"))
    run(conversation, e.SpeechStarted("u1"))
    actions = run(conversation, e.ResponseCreated("r2"), audio("r2", "i2"))
    assert [type(event) for event in sent(actions)] == [CancelResponse]
    assert not [action for action in actions if isinstance(action, PlayAudio)]


def test_a_transcript_that_comes_twice_is_shown_once() -> None:
    conversation = new()
    event = e.TranscriptCompleted("u1", " hello ")
    assert shown(run(conversation, event, event)) == [UserTranscript("hello", "u1")]


def test_the_users_words_are_shown_as_they_are_understood() -> None:
    events = (e.TranscriptDelta("u1", "What"), e.TranscriptDelta("u1"), e.TranscriptCompleted("u1", "What?"))
    told = shown(run(new(), *events))
    assert told == [UserTranscriptDelta("What", "u1"), UserTranscript("What?", "u1")]


def test_an_expired_session_is_exchanged_for_another() -> None:
    (action,) = new().handle(e.ErrorEvent(e.ServerError("over", code="session_expired")))
    assert isinstance(action, RenewConnection)


def test_an_error_about_our_own_truncate_is_not_the_persons_concern() -> None:
    conversation = new()
    run(conversation, e.ResponseCreated("r1"), audio(), e.SpeechStarted("u1"))
    (event,) = sent(conversation.playback_cut(Cut((Heard(KEY, 100, 500),), 8.0)))
    error = e.ServerError("already shorter", code="invalid_value", event_id=event.event_id)
    assert not shown(conversation.handle(e.ErrorEvent(error)))


def test_typed_text_interrupts_and_is_answered() -> None:
    conversation = new()
    run(conversation, e.ResponseCreated("r1"), audio())
    actions = conversation.user_typed("hello")
    assert isinstance(actions[0], StopPlayback)
    assert [type(event) for event in sent(actions)] == [CancelResponse, CreateItem]
    assert [type(event) for event in sent(conversation.handle(e.ResponseDone("r1", "cancelled")))] == [CreateResponse]


def test_typed_text_cancels_also_where_the_server_interrupts_for_speech_by_itself() -> None:
    conversation = Conversation("test")
    run(conversation, e.ResponseCreated("r1"), audio())
    assert [type(event) for event in sent(conversation.user_typed("hello"))] == [CancelResponse, CreateItem]


def test_a_request_that_was_refused_and_overtaken_by_the_user_is_not_retried() -> None:
    conversation = new()
    run(conversation, e.ResponseCreated("r1"), call("c1"), e.ResponseDone("r1", "completed"))
    (_, create) = sent(conversation.tool_finished(ToolResult("c1", "tool", "1")))
    run(conversation, e.SpeechStarted("u1"), e.ErrorEvent(refusal_of(create)), e.SpeechStopped("u1"))
    actions = run(conversation, e.ResponseCreated("r2"), audio("r2", "i2"), e.ResponseDone("r2", "completed"))
    # The answer to the new turn is neither taken for the one to the older request, nor followed by it.
    assert [action for action in actions if isinstance(action, PlayAudio)]
    assert not sent(actions)


def test_a_response_done_that_comes_twice_lets_no_request_go_early() -> None:
    conversation = new()
    run(conversation, e.ResponseCreated("r1"), call("c1"), e.ResponseDone("r1", "completed"))
    (_, create) = sent(conversation.tool_finished(ToolResult("c1", "tool", "1")))
    assert not sent(run(conversation, e.ErrorEvent(refusal_of(create)), e.ResponseDone("r1", "completed")))


def test_a_server_that_answers_tools_by_itself_is_asked_again_the_first_time_only() -> None:
    conversation = new()
    asked = []
    for number in (1, 2, 3):
        own, after = f"own{number}", f"after{number}"
        run(conversation, e.ResponseCreated(own), call(f"c{number}", response_id=own), e.ResponseDone(own, "completed"))
        *_, create = sent(conversation.tool_finished(ToolResult(f"c{number}", "tool", "1")))
        run(conversation, e.ResponseCreated(after), e.ErrorEvent(refusal_of(create)))
        again = sent(conversation.handle(e.ResponseDone(after, "completed")))
        asked.append(len(again))
        if again:
            run(conversation, e.ResponseCreated(f"again{number}"), e.ResponseDone(f"again{number}", "completed"))
    assert asked == [1, 0, 0]
    assert conversation.idle


def test_a_server_that_does_not_say_where_speech_ends_has_committed_it() -> None:
    conversation = new()
    run(conversation, e.ResponseCreated("r1"), call("c1"), e.ResponseDone("r1"), e.SpeechStarted(), e.Committed("u1"))
    assert conversation.turns == 1
    assert [type(event) for event in sent(conversation.user_typed("and"))] == [CreateItem, CreateResponse]


def test_an_answer_that_was_taken_for_one_to_a_request_given_up_is_asked_for_again() -> None:
    conversation = new()
    *_, create = sent(conversation.user_typed("hello"))
    run(conversation, e.SpeechStarted("u1"), e.SpeechStopped("u1"))
    # The server answers the spoken turn by itself; it could as well be the answer to what was typed before.
    (cancel,) = sent(conversation.handle(e.ResponseCreated("r1")))
    assert isinstance(cancel, CancelResponse)
    assert not sent(conversation.handle(e.ErrorEvent(refusal_of(create))))
    (again,) = sent(conversation.handle(e.ResponseDone("r1", "cancelled")))
    assert isinstance(again, CreateResponse)


@pytest.mark.parametrize("overtaken", [False, True])
def test_a_refusal_that_comes_behind_the_end_of_what_stood_in_the_way_is_followed_by_a_retry_at_once(
    overtaken: bool,
) -> None:
    conversation = new()
    *_, create = sent(conversation.user_typed("hello"))
    if overtaken:
        run(conversation, e.SpeechStarted("u1"), e.SpeechStopped("u1"))
    run(conversation, e.ResponseCreated("r1"), e.ResponseDone("r1", "cancelled"))
    (again,) = sent(conversation.handle(e.ErrorEvent(refusal_of(create))))
    assert isinstance(again, CreateResponse)
    run(conversation, e.ResponseCreated("r2"), e.ResponseDone("r2", "completed"))
    assert conversation.idle


def refusal_of(event: ClientEvent) -> e.ServerError:
    """What a server says to a response.create while a response runs."""
    return e.ServerError("busy", code="conversation_already_has_active_response", event_id=event.event_id)
