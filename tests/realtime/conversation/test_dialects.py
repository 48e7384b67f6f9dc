"""Ways in which servers say what the protocol says otherwise: all of them are understood, and each once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.audio.playback.segments import Cut, Heard, ItemKey
from engine.realtime.conversation.actions import EndSession, RunTool, Send, ToolResult
from engine.realtime.conversation.machine import Conversation
from engine.realtime.protocol import server_events as e
from engine.realtime.protocol.client_events import CreateResponse
from engine.realtime.protocol.decode import decode_event
from engine.realtime.protocol.errors import code_of, is_benign, session_end
from engine.realtime.session_events import AgentText, AgentTextDelta, ErrorShown, SessionStarted
from tests.realtime.conversation.test_machine import audio, call, new, run, sent, shown

ARGUMENTS = '{"a": 1}'
ITEM = e.Item(id="f1", type="function_call", name="tool", call_id="c1", arguments=ARGUMENTS)
DONE = e.ArgumentsDone("r1", "c1", "tool", ARGUMENTS)


def calls(conversation: Conversation, *events: e.ServerEvent) -> list[tuple[str, str]]:
    """The calls that are run, by their ids and arguments."""
    runs = [action.call for action in run(conversation, *events) if isinstance(action, RunTool)]
    return [(each.call_id, each.arguments) for each in runs]


@pytest.mark.parametrize(
    "announced",
    [
        [e.OutputItemDone("r1", ITEM), e.ResponseDone("r1", "completed")],
        [DONE, e.ResponseDone("r1", "completed")],
        [DONE, e.ResponseDone("r1", "")],
        [e.ResponseDone("r1", "completed", output=(e.Item(type="message"), ITEM))],
        [DONE, e.OutputItemDone("r1", ITEM), DONE, e.ResponseDone("r1", "completed", output=(ITEM, ITEM))],
    ],
    ids=["item", "arguments", "arguments without status", "output", "everywhere"],
)
def test_a_call_is_run_once_wherever_it_is_announced_and_followed_up(announced: list[e.ServerEvent]) -> None:
    conversation = new()
    conversation.handle(e.ResponseCreated("r1"))
    assert calls(conversation, *announced) == [("c1", ARGUMENTS)]
    returned = sent(conversation.tool_finished(ToolResult("c1", "tool", "1")))
    assert [type(event) for event in returned][-1] is CreateResponse


@pytest.mark.parametrize("status", ["incomplete", "cancelled", "failed"])
def test_a_call_that_was_cut_never_runs(status: str) -> None:
    cut = e.Item(id="f1", type="function_call", name="tool", call_id="c1", status="incomplete")
    events = [DONE, e.OutputItemDone("r1", cut), e.ResponseDone("r1", status, output=(cut,))]
    assert not calls(new(), e.ResponseCreated("r1"), *events)
    # Where nothing but its arguments came, only the end of the response tells whether they are whole.
    assert not calls(new(), e.ResponseCreated("r1"), DONE, e.ResponseDone("r1", status, output=(ITEM,)))
    assert not calls(new(), e.ResponseCreated("r1"), DONE, e.ResponseCreated("r2"))


def test_a_call_without_an_id_and_an_answer_without_one_are_told_or_left_alone() -> None:
    conversation = new()
    nameless = e.Item(type="function_call", name="tool", arguments="{}")
    told = run(conversation, e.ResponseCreated("r1"), e.OutputItemDone("r1", nameless), audio(item_id=""))
    assert not [action for action in told if isinstance(action, RunTool)]
    assert ["without an id" in event.message for event in shown(told) if isinstance(event, ErrorShown)] == [True]
    conversation.handle(e.SpeechStarted("u1"))
    assert not sent(conversation.playback_cut(Cut((Heard(ItemKey("", 0), 100, 500),), 8.0)))


def test_an_id_that_comes_again_in_a_later_response_is_another_call() -> None:
    conversation = new()
    for response_id in ("r1", "r2"):
        asked = [e.ResponseCreated(response_id), call("c1", response_id=response_id), e.ResponseDone(response_id)]
        assert calls(conversation, *asked) == [("c1", "{}")]
        answer = [type(event) for event in sent(conversation.tool_finished(ToolResult("c1", "tool", "1")))]
        assert answer[-1] is CreateResponse
    # While the first still runs, nobody could tell their results apart.
    running = new()
    assert calls(running, e.ResponseCreated("r1"), call("c1"), e.ResponseDone("r1"))
    assert not calls(running, e.ResponseCreated("r2"), call("c1", response_id="r2"))


def test_an_answer_that_is_told_sentence_by_sentence_is_kept_whole() -> None:
    conversation = new()
    sentences = [e.TextDone("r1", "i1", 0, f"Sentence {number}.", spoken=True) for number in (1, 2, 2, 3)]
    told = shown(run(conversation, e.ResponseCreated("r1"), *sentences, e.ResponseDone("r1")))
    expected = ["Sentence 1.", "Sentence 2.", "Sentence 3."]
    assert [event.text for event in told if isinstance(event, AgentText)] == expected
    assert [event.text for event in told if isinstance(event, AgentTextDelta)] == expected
    (entry,) = conversation._resumption.history.entries
    assert entry.text == "Sentence 1. Sentence 2. Sentence 3."


@pytest.mark.parametrize(
    ("reason", "words"),
    [("max_output_tokens", "most tokens"), ("content_filter", "content filter"), ("odd", "odd"), ("", "no reason")],
)
def test_an_answer_that_the_service_cut_is_told_with_its_reason(reason: str, words: str) -> None:
    conversation = new()
    done = e.ResponseDone("r1", "incomplete", e.StatusDetails(reason))
    told = shown(run(conversation, e.ResponseCreated("r1"), done, done))
    (error,) = [event for event in told if isinstance(event, ErrorShown)]
    assert words in error.message
    interrupted = new()
    run(interrupted, e.ResponseCreated("r1"), e.SpeechStarted("u1"))
    assert not [event for event in shown(interrupted.handle(done)) if isinstance(event, ErrorShown)]


BUSY = "conversation_already_has_active_response"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (e.ServerError("busy", code=BUSY), BUSY),
        (e.ServerError("busy", type=BUSY), BUSY),
        (e.ServerError("Conversation already has an active response in progress: r1.", code="invalid_value"), BUSY),
        (e.ServerError("Cancellation failed: no active response found."), "response_cancel_not_active"),
        (e.ServerError("x", type="insufficient_quota"), "insufficient_quota"),
        (e.ServerError("You exceeded your current quota."), "insufficient_quota"),
        (e.ServerError("Incorrect API key provided: sk-***."), "invalid_api_key"),
        (e.ServerError("400: Invalid model name passed in model=nosuch"), "model_not_found"),
        (e.ServerError("The model `m` does not exist or you do not have access to it."), "model_not_found"),
        (e.ServerError("Rate limit reached.", code="rate_limit_exceeded"), "rate_limit_exceeded"),
        (e.ServerError("Invalid value: 'model railway'."), ""),
        (e.ServerError("404: model 'm' not found, try pulling it first", "error", "404"), "model_not_found"),
        (e.ServerError("Unauthorized", type="invalid_request_error", code="401"), "invalid_api_key"),
        (e.ServerError("Item 'i3' of the model's answer was not found."), ""),
        (e.ServerError("Audio content of model message not found", "invalid_request_error"), ""),
        (e.ServerError("Item 'i3' of the model's answer was not found.", code="item_not_found"), "item_not_found"),
        (e.ServerError("Error retrieving tools from MCP server: 401 (Unauthorized)", code="http_error"), "http_error"),
        (e.ServerError("Error retrieving tools from MCP server: 401 (Unauthorized)", "http_error", "401"), "401"),
        (e.ServerError("The prompt 'unauthorized access' is not allowed.", code="content_policy"), "content_policy"),
        (e.ServerError("'You exceeded your quota' is no instruction", code="invalid_value"), "invalid_value"),
    ],
    ids=str,
)
def test_an_error_means_the_same_by_its_code_its_type_or_its_words(error: e.ServerError, code: str) -> None:
    assert code_of(error) == code


def test_an_error_that_is_told_in_its_event_is_read_there() -> None:
    told = {"type": "error", "event_id": "event_1", "message": "Pay first.", "code": "insufficient_quota"}
    for message in (told, {**told, "error": None}, {**told, "error": {}}):
        assert decode_event(json.dumps(message)) == e.ErrorEvent(
            e.ServerError("Pay first.", code="insufficient_quota"), event_id="event_1"
        )
    (ended,) = new().handle(decode_event(json.dumps(told)))
    assert isinstance(ended, EndSession)
    assert decode_event('{"type": "error"}') == e.ErrorEvent(e.ServerError())


@pytest.mark.parametrize("event_id", ["named", ""])
def test_a_request_that_is_refused_as_busy_by_type_goes_again(event_id: str) -> None:
    conversation = new()
    run(conversation, e.ResponseCreated("r1"), call("c1"), e.ResponseDone("r1", "completed"))
    *_, create = sent(conversation.tool_finished(ToolResult("c1", "tool", "1")))
    refusal = e.ServerError("busy", type=BUSY, event_id=create.event_id if event_id else "")
    actions = run(conversation, e.ErrorEvent(refusal), e.ResponseCreated("r2"), e.ResponseDone("r2"))
    assert not [event for event in shown(actions) if isinstance(event, ErrorShown)]
    assert [type(action.event) for action in actions if isinstance(action, Send)] == [CreateResponse]


@pytest.mark.parametrize(
    "error",
    [
        e.ServerError("Unknown or invalid event: conversation.item.truncate"),
        e.ServerError("Unknown or invalid event: conversation.item.retrieve"),
        e.ServerError("Deleting items not implemented", event_id="event_TODO"),
        e.ServerError("Error truncating item: the item with id 'i1' does not exist."),
        e.ServerError("x", code="item_delete_invalid_item_id"),
        e.ServerError("x", type="item_truncate_invalid_item_id"),
    ],
    ids=str,
)
def test_a_refusal_of_our_own_housekeeping_is_not_the_persons_business(error: e.ServerError) -> None:
    assert is_benign(error)
    assert not shown(new().handle(e.ErrorEvent(error)))


def test_an_error_of_the_persons_own_doing_is_shown() -> None:
    error = e.ServerError("Invalid 'item': this item is too long", code="invalid_value")
    assert [event.message for event in shown(new().handle(e.ErrorEvent(error)))] == [error.message]


def test_a_server_without_a_free_session_is_not_told_as_a_refused_key() -> None:
    end = session_end(e.ServerError("All session slots are in use.", type="session_limit_reached"))
    assert str(end) == "The server has no room for a session: All session slots are in use. Try again later."


SETTINGS = {"audio": {"input": {"format": {"rate": 24000}, "turn_detection": {"type": "server_vad"}}}}


def updated(settings: dict[str, Any] | None = None, **declared: Any) -> tuple[Conversation, list[Any]]:
    """A conversation whose server declares this, and what the person is told of it."""
    conversation = Conversation("test")
    conversation.open(settings or SETTINGS)
    return conversation, conversation.handle(e.SessionUpdated("s1", **declared))


def test_a_server_that_answers_nothing_by_itself_is_asked_for_each_answer() -> None:
    conversation, _ = updated(creates_response=False)
    for number in (1, 2):
        heard = run(conversation, e.SpeechStarted("u"), e.SpeechStopped("u", audio_end_ms=60_000 * number))
        assert [type(event) for event in sent(heard)] == [CreateResponse]
        run(conversation, e.ResponseCreated(f"r{number}"), e.ResponseDone(f"r{number}"))
    conversation.handle(e.SessionUpdated("s1", creates_response=True))
    assert not sent(run(conversation, e.SpeechStarted("u"), e.SpeechStopped("u")))


@pytest.mark.parametrize(("declares", "cancels"), [(False, True), (None, False), (True, False)])
def test_a_server_that_does_not_interrupt_itself_is_told_to(declares: bool | None, cancels: bool) -> None:
    conversation, _ = updated(interrupts_response=declares)
    conversation.handle(e.ResponseCreated("r1"))
    assert bool(sent(conversation.handle(e.SpeechStarted("u1")))) is cancels


@pytest.mark.parametrize("place", ["input_format", "output_format"])
def test_a_format_that_cannot_be_served_ends_the_session_in_words(place: str) -> None:
    _, actions = updated(None, **{place: "audio/pcmu"})
    (end,) = [action for action in actions if isinstance(action, EndSession)]
    assert "audio/pcmu" in end.error.message
    _, actions = updated(input_format="audio/pcm", output_format="audio/pcm", output_rate_hz=-1)
    assert not [action for action in actions if isinstance(action, EndSession)]
    assert not [event for event in shown(actions) if not isinstance(event, SessionStarted)]


def test_a_beta_server_declares_its_formats_too() -> None:
    session = {"id": "s1", "input_audio_format": "g711_ulaw", "output_audio_format": "pcm16"}
    event = decode_event(json.dumps({"type": "session.updated", "session": session}))
    assert isinstance(event, e.SessionUpdated)
    assert (event.input_format, event.output_format, event.output_rate_hz) == ("audio/pcmu", "audio/pcm", 24000)


def test_what_cannot_be_served_as_declared_is_said_once() -> None:
    conversation, actions = updated(input_rate_hz=16000)
    (error,) = [event for event in shown(actions) if isinstance(event, ErrorShown)]
    assert "16000" in error.message
    assert "24000" in error.message
    assert not shown(conversation.handle(e.SessionUpdated("s1", input_rate_hz=16000)))
    by_key = {"audio": {"input": {"format": {"rate": 24000}, "turn_detection": None}}}
    _, actions = updated(by_key, turn_detection="server_vad")
    assert [event.message for event in shown(actions) if isinstance(event, ErrorShown)] == [
        "The server ends your turns by itself, although a key should end them."
    ]
    _, actions = updated(by_key, input_rate_hz=24000)
    assert not [event for event in shown(actions) if isinstance(event, ErrorShown)]
