"""When the model is asked to go on after tools: what an interruption and a farewell change, decided without I/O."""

from __future__ import annotations

from engine.realtime.conversation.actions import InterruptTools, ToolResult
from engine.realtime.conversation.machine import Conversation
from engine.realtime.protocol import server_events as e
from engine.realtime.protocol.client_events import CreateItem, CreateResponse
from tests.realtime.conversation.test_machine import audio, call, new, run, sent


def interrupted_call() -> Conversation:
    """A conversation whose user speaks while a tool runs."""
    conversation = new()
    run(conversation, e.ResponseCreated("r1"), call("c1"), e.ResponseDone("r1", "completed"))
    assert InterruptTools(("c1",)) in conversation.handle(e.SpeechStarted("u2"))
    return conversation


def test_a_result_that_the_new_turns_answer_has_seen_is_not_spoken_of_again() -> None:
    conversation = interrupted_call()
    assert [type(event) for event in sent(conversation.tool_finished(ToolResult("c1", "tool", "1")))] == [CreateItem]
    events = (e.SpeechStopped("u2"), e.ResponseCreated("r2"), e.ResponseDone("r2", "completed"))
    assert not sent(run(conversation, *events))
    assert conversation.idle


def test_a_result_that_came_too_late_for_the_new_turns_answer_is_spoken_of_after_it() -> None:
    conversation = interrupted_call()
    assert not sent(run(conversation, e.SpeechStopped("u2"), e.ResponseCreated("r2")))
    assert [type(event) for event in sent(conversation.tool_finished(ToolResult("c1", "tool", "1")))] == [CreateItem]
    assert not conversation.idle
    asked = sent(conversation.handle(e.ResponseDone("r2", "completed")))
    assert [type(event) for event in asked] == [CreateResponse]


def test_a_call_that_was_stopped_is_answered_and_not_spoken_of() -> None:
    conversation = interrupted_call()
    run(conversation, e.SpeechStopped("u2"), e.ResponseCreated("r2"))
    stopped = ToolResult("c1", "tool", "stopped", failed=True, stopped=True)
    assert [type(event) for event in sent(conversation.tool_finished(stopped))] == [CreateItem]
    assert not sent(conversation.handle(e.ResponseDone("r2", "completed")))


def test_a_farewell_is_asked_for_once() -> None:
    conversation = new()
    run(conversation, e.ResponseCreated("r1"), call("c1"))
    conversation.tool_finished(ToolResult("c1", "tool", "1", ends=True))
    assert conversation.farewell
    asked = sent(conversation.handle(e.ResponseDone("r1", "completed")))
    assert [type(event) for event in asked] == [CreateResponse]
    spoken = new()
    run(spoken, e.ResponseCreated("r1"), call("c1"))
    spoken.tool_finished(ToolResult("c1", "tool", "1", ends=True))
    assert not sent(run(spoken, audio(), e.ResponseDone("r1", "completed")))
    assert spoken.farewell


def test_a_user_who_speaks_again_is_not_parted_with() -> None:
    conversation = new()
    run(conversation, e.ResponseCreated("r1"), call("c1"))
    conversation.tool_finished(ToolResult("c1", "tool", "1", ends=True))
    conversation.handle(e.SpeechStarted("u2"))
    assert not conversation.farewell
