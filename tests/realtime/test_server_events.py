"""Every server event that is acted on becomes a value, whatever of it is missing, null, unknown or wrong."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from engine.realtime import events as e
from engine.realtime.decoding import decode_event
from engine.realtime.events.base import DECLARED, WIRE, At
from tests.support.protocol import PROTOCOL, example, examples, shape_of

EVENTS = sorted(PROTOCOL["server"])
IGNORED = {
    "conversation.created",
    "conversation.item.deleted",
    "conversation.item.input_audio_transcription.delta",
    "conversation.item.input_audio_transcription.segment",
    "conversation.item.retrieved",
    "conversation.item.truncated",
    "input_audio_buffer.cleared",
    "input_audio_buffer.dtmf_event_received",
    "output_audio_buffer.cleared",
    "output_audio_buffer.started",
    "output_audio_buffer.stopped",
    "rate_limits.updated",
    "response.content_part.added",
    "response.content_part.done",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
    "response.mcp_call_arguments.delta",
    "response.mcp_call_arguments.done",
}
"""Nobody acts on these: what they say comes again, or concerns nobody here."""
ACTED_ON = [event for event in EVENTS if event not in IGNORED]
BETA = {
    beta: ga for beta, ga in PROTOCOL["beta_to_ga"].items() if ga in PROTOCOL["server"] and beta.startswith("response.")
}
WRONG: tuple[Any, ...] = ("text", 7.5, True, [7], {"a": 1})
AS_TEXT = {("error", "error"), ("conversation.item.input_audio_transcription.failed", "error")}
"""Some servers send their error as a text."""


def decoded(message: dict[str, Any]) -> e.ServerEvent:
    """The event that a message becomes."""
    return decode_event(json.dumps(message))


def whole(event: str) -> dict[str, Any]:
    """A message with every field that the list knows, texts that tell the fields apart, and real base64 for audio."""
    module, shape = shape_of(event)
    message = _told_apart(example(shape, module), event)
    if event == "response.output_audio.delta":
        message["delta"] = "AAAA"
    return {**message, "type": event}


def _told_apart(value: Any, path: str) -> Any:
    if isinstance(value, dict):
        return {name: _told_apart(inner, f"{path}.{name}") for name, inner in value.items()}
    return path if value == "text" else value


def declared(kind: type, decided: dict[str, Any] | None = None) -> Iterator[tuple[str, list[str]]]:
    """The fields of an event or of an object in it, and where in the message they are."""
    for entry in fields(kind):
        place = (decided or {}).get(entry.name, entry.metadata.get(WIRE, At(entry.name)))
        if isinstance(place, At) and place.path:
            yield entry.name, place.path.split(".")


def is_kept(kept: Any, told: Any) -> bool:
    """Whether a field holds what the message says."""
    if is_dataclass(kept) and not isinstance(kept, type):
        return all(is_kept(getattr(kept, name), at(told, path)) for name, path in declared(type(kept)))
    if told is None:
        return not kept
    if isinstance(kept, tuple):
        return len(kept) == len(told) and all(map(is_kept, kept, told))
    if isinstance(kept, bytes):
        return base64.b64encode(kept).decode() == told
    # Some servers number the codes of their errors.
    return bool(kept == told) or kept == str(told)


def at(message: Any, path: list[str]) -> Any:
    """What lies at a place of a message; None where there is nothing."""
    for name in path:
        message = message.get(name) if isinstance(message, dict) else None
    return message


@pytest.mark.parametrize("event", sorted(IGNORED))
def test_an_event_that_nobody_acts_on_is_passed_on_by_its_name(event: str) -> None:
    assert decoded(whole(event)) == e.UnknownEvent(event)


@pytest.mark.parametrize("event", ACTED_ON)
def test_an_event_with_all_its_fields_keeps_those_that_are_declared(event: str) -> None:
    message = whole(event)
    result = decoded(message)
    assert type(result) is DECLARED[event].event
    for name, path in declared(type(result), DECLARED[event].decided):
        assert is_kept(getattr(result, name), at(message, path)), name


@pytest.mark.parametrize("event", ACTED_ON)
def test_every_kind_of_item_an_event_can_hold_is_kept(event: str) -> None:
    module, shape = shape_of(event)
    for item in examples(shape.get("item", "null"), module):
        told = _told_apart(item, f"{event}.item")
        result: Any = decoded({**whole(event), "item": told})
        assert is_kept(result.item, told)


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_with_its_required_fields_alone_is_the_same_kind_of_event(event: str) -> None:
    module, shape = shape_of(event)
    required = {**example(shape, module, optional=False), "type": event}
    if event == "response.output_audio.delta":
        required["delta"] = "AAAA"
    assert type(decoded(required)) is type(decoded(whole(event)))


@pytest.mark.parametrize("event", EVENTS)
def test_null_is_as_good_as_missing_in_every_field(event: str) -> None:
    message = whole(event)
    assert type(decoded({"type": event})) is type(decoded(message))
    for name in message:
        if name != "type":
            without = {key: value for key, value in message.items() if key != name}
            assert decoded({**message, name: None}) == decoded(without)
    nulls = {**dict.fromkeys(message), "type": event}
    assert decoded(nulls) == decoded({"type": event})


@pytest.mark.parametrize("event", EVENTS)
def test_null_is_as_good_as_missing_inside_of_objects(event: str) -> None:
    message = whole(event)
    for name, inner in message.items():
        if isinstance(inner, dict):
            nulls = dict.fromkeys(inner)
            assert type(decoded({**message, name: nulls})) is type(decoded(message))


@pytest.mark.parametrize("event", EVENTS)
def test_unknown_fields_change_nothing(event: str) -> None:
    message = whole(event)
    odd: dict[str, Any] = {"newer": {"a": [1, None]}, "another": None}
    deep = {name: {**inner, **odd} if isinstance(inner, dict) else inner for name, inner in message.items()}
    result = decoded({**message, **odd})
    assert result == decoded(message)
    assert type(decoded({**deep, **odd})) is type(result)


@pytest.mark.parametrize("event", ACTED_ON)
def test_a_field_of_a_wrong_type_is_malformed_and_never_an_exception(event: str) -> None:
    message = whole(event)
    read = {path[0] for _, path in declared(DECLARED[event].event, DECLARED[event].decided)} & message.keys()
    for name in read:
        for wrong in WRONG:
            if _could_be(message[name], wrong) or (isinstance(wrong, str) and (event, name) in AS_TEXT):
                continue
            result = decoded({**message, name: wrong})
            assert isinstance(result, e.MalformedEvent), (name, wrong)
            assert f"'{name}" in result.reason
            assert event in result.reason


@pytest.mark.parametrize("event", ACTED_ON)
def test_a_field_that_is_not_read_may_be_anything(event: str) -> None:
    message = whole(event)
    read = {path[0] for _, path in declared(DECLARED[event].event, DECLARED[event].decided)}
    for name in message.keys() - read - {"type"}:
        for wrong in WRONG:
            assert decoded({**message, name: wrong}) == decoded(message)


@pytest.mark.parametrize("event", EVENTS)
def test_a_wrong_type_anywhere_inside_never_raises(event: str) -> None:
    message = whole(event)
    for path in _paths(message):
        for wrong in (*WRONG, -1, 1e400, 10**400, "", [], {}, [None], [[]], [{}]):
            result = decode_event(json.dumps(_replaced(message, path, wrong)))
            assert isinstance(result, e.ServerEvent)


def _could_be(right: Any, wrong: Any) -> bool:
    """Whether a value is no fault in this field: numbers that are whole count as integers."""
    if isinstance(right, bool) or isinstance(wrong, bool):
        return type(right) is type(wrong)
    if isinstance(right, int | float):
        return isinstance(wrong, int | float)
    if isinstance(right, list):
        return isinstance(wrong, list) and not wrong
    return type(right) is type(wrong)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if path or name != "type":
                yield (*path, name)
                yield from _paths(inner, (*path, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield (*path, number)
            yield from _paths(inner, (*path, number))


def _replaced(message: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = dict(message) if isinstance(message, dict) else list(message)
    copy[path[0]] = _replaced(message[path[0]], path[1:], value)
    return copy


@pytest.mark.parametrize("beta", BETA)
def test_beta_names_are_understood(beta: str) -> None:
    message = whole(BETA[beta])
    assert decoded({**message, "type": beta}) == decoded(message)


def test_all_beta_names_of_the_list_were_tried() -> None:
    assert len(BETA) == 6


def test_a_beta_session_is_read_at_its_ga_places() -> None:
    beta = {"id": "s1", "voice": "alloy", "turn_detection": {"create_response": False}}
    result = decoded({"type": "session.updated", "session": {**beta, "output_audio_format": "pcm16"}})
    assert isinstance(result, e.SessionUpdated)
    assert (result.session_id, result.output_rate_hz, result.creates_response) == ("s1", 24000, False)
    result = decoded({"type": "session.updated", "session": {**beta, "output_audio_format": "g711_ulaw"}})
    assert isinstance(result, e.SessionUpdated)
    assert result.output_rate_hz is None


def test_beta_settings_never_replace_what_stands_at_the_ga_place() -> None:
    audio = {"output": {"format": {"type": "audio/pcm", "rate": 44100}}}
    result = decoded({"type": "session.updated", "session": {"audio": audio, "output_audio_format": "pcm16"}})
    assert isinstance(result, e.SessionUpdated)
    assert result.output_rate_hz == 44100
    odd = decoded({"type": "session.updated", "session": {"audio": 7, "output_audio_format": "pcm16"}})
    assert isinstance(odd, e.MalformedEvent)


def test_usage_is_read_to_the_last_detail() -> None:
    details = {"text_tokens": 119, "audio_tokens": 13, "cached_tokens": 64}
    cached = {"cached_tokens_details": {"text_tokens": 60, "audio_tokens": 4}}
    usage = {
        "total_tokens": 253,
        "input_tokens": 132,
        "output_tokens": 121,
        "input_token_details": {**details, **cached},
        "output_token_details": {"text_tokens": 30, "audio_tokens": 91},
    }
    result = decoded({"type": "response.done", "response": {"id": "r1", "status": "completed", "usage": usage}})
    assert isinstance(result, e.ResponseDone)
    assert result.usage == e.Usage(253, 132, 121, 119, 13, None, 64, 60, 4, None, 30, 91)


def test_a_malformed_field_is_named_with_its_place() -> None:
    response = {"usage": {"input_token_details": {"text_tokens": "many"}}}
    result = decoded({"type": "response.done", "response": response})
    place = "response.usage.input_token_details.text_tokens"
    assert result == e.MalformedEvent(f"The server sent a malformed response.done: '{place}' is no number.")
    result = decoded({"type": "conversation.item.done", "item": {"tools": [{"name": "list"}, 7]}})
    assert result == e.MalformedEvent(
        "The server sent a malformed conversation.item.done: 'item.tools.1' is no object."
    )
