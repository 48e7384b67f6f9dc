"""Every server event that is acted on becomes a value, whatever of it is missing, null, unknown or wrong."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from engine.realtime.protocol import server_events as e
from engine.realtime.protocol.decode import decode_event
from tests.realtime.protocol.fields_read import IN_NO_LIST, READ, SAID_BY_THE_NAME
from tests.support.protocol import PROTOCOL, example, examples, name_of, shape_of

EVENTS = sorted(PROTOCOL["server"])
IGNORED = {
    "conversation.created",
    "conversation.item.deleted",
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
    "response.mcp_call_arguments.delta",
    "response.mcp_call_arguments.done",
}
"""Nobody acts on these: what they say comes again, or concerns nobody here."""
ACTED_ON = [event for event in EVENTS if event not in IGNORED]
BETA = {
    beta: ga for beta, ga in PROTOCOL["beta_to_ga"].items() if ga in PROTOCOL["server"] and beta.startswith("response.")
}
WRONG: tuple[Any, ...] = ("text", 7.5, True, [7], {"a": 1})


def decoded(message: dict[str, Any]) -> e.ServerEvent:
    """The event that a message becomes."""
    return decode_event(json.dumps(message))


def whole(event: str) -> dict[str, Any]:
    """A message with every field there is, values that tell the fields apart, and real base64 for audio."""
    module, shape = shape_of(event)
    message = _told_apart(example(shape, module), event)
    if event == "response.output_audio.delta":
        message["delta"] = "AAAA"
    for place, value in IN_NO_LIST.items():
        if place in READ.get(event, (None, {}))[1]:
            message = _replaced(message, place.split("."), value)
    return {**message, "type": event}


def _told_apart(value: Any, path: str) -> Any:
    if isinstance(value, dict):
        return {name: _told_apart(inner, f"{path}.{name}") for name, inner in value.items()}
    if type(value) in (int, float):
        return type(value)(zlib.crc32(path.encode()))
    return path if value == "text" else value


def assert_read(event: str, message: dict[str, Any]) -> None:
    """Decode a message, and find everything that the table names in the attributes that it names."""
    kind, read = READ[event]
    result = decoded(message)
    assert type(result) is kind
    for place, attribute in read.items():
        kept: Any = result
        for name in attribute.split("."):
            kept = getattr(kept, name, None)
        told = at(message, place)
        # Codes of errors are texts, also where a server numbers them.
        assert is_kept(kept, str(told) if told and place.endswith("error.code") else told), place


def is_kept(kept: Any, told: Any) -> bool:
    """Whether an attribute holds what the message says."""
    if told is None:
        return not kept
    if isinstance(kept, tuple):
        return [getattr(element, "id", element) for element in kept] == [each.get("id", each) for each in told]
    if isinstance(kept, bytes):
        return base64.b64encode(kept).decode() == told
    return bool(kept == told)


def at(message: Any, place: str) -> Any:
    """Return the value at a place of a message; None where there is nothing."""
    for name in place.split("."):
        message = message.get(name) if isinstance(message, dict) else None
    return message


def places(event: str) -> set[str]:
    """The places of all fields that are read, and of the objects they lie in."""
    names = [place.split(".") for place in READ[event][1]]
    return {".".join(each[: count + 1]) for each in names for count in range(len(each))}


def attributes(value: Any, outer: str = "") -> Iterator[str]:
    """The names of everything an event holds, also inside of what it holds; None in place of an object counts."""
    for entry in fields(value):
        if is_dataclass(inner := getattr(value, entry.name)):
            yield from attributes(inner, f"{outer}{entry.name}.")
        else:
            yield f"{outer}{entry.name}"


@pytest.mark.parametrize("event", sorted(IGNORED))
def test_an_event_that_nobody_acts_on_is_passed_on_by_its_name(event: str) -> None:
    assert decoded(whole(event)) == e.UnknownEvent(event)


def test_the_table_has_every_event_that_is_acted_on_and_only_places_that_the_list_knows() -> None:
    assert sorted(READ) == ACTED_ON
    of_any_error = tuple(f"error.{name_of(field)}" for field in PROTOCOL["shapes"]["realtime_error.RealtimeError"])
    for event, (_, read) in READ.items():
        module, shape = shape_of(event)
        known = {name_of(field): list(examples(kind, module)) for field, kind in shape.items()}
        for place in read.keys() - IN_NO_LIST.keys():
            first, _, rest = place.partition(".")
            found = place in known or any(at(value, rest) is not None for value in known[first])
            assert found or place.endswith(of_any_error), (event, place)


@pytest.mark.parametrize("event", ACTED_ON)
def test_an_event_with_all_its_fields_keeps_those_of_the_table_and_no_others(event: str) -> None:
    assert_read(event, whole(event))
    result, told = decoded(whole(event)), set(READ[event][1].values())
    for name in attributes(result):
        assert any(f"{each}.".startswith(f"{name}.") for each in told | SAID_BY_THE_NAME), name


@pytest.mark.parametrize("event", ACTED_ON)
def test_whatever_a_field_can_hold_is_kept(event: str) -> None:
    module, shape = shape_of(event)
    for field, kind in shape.items():
        for value in examples(kind, module):
            name = name_of(field)
            if isinstance(value, dict):
                assert_read(event, {**whole(event), name: _told_apart(value, f"{event}.{name}")})


@pytest.mark.parametrize("event", [event for event in ACTED_ON if "mcp" in event])
def test_the_name_of_an_event_of_mcp_says_its_status(event: str) -> None:
    result = decoded(whole(event))
    assert isinstance(result, e.McpListing | e.McpCall)
    assert result.status == event.rpartition(".")[2]


@pytest.mark.parametrize("what", ["delta", "done"])
@pytest.mark.parametrize(("name", "spoken"), [("text", False), ("audio_transcript", True)])
def test_the_name_of_a_text_says_whether_it_is_spoken(name: str, spoken: bool, what: str) -> None:
    result = decoded(whole(f"response.output_{name}.{what}"))
    assert isinstance(result, e.TextDelta | e.TextDone)
    assert result.spoken is spoken


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
def test_a_field_of_a_wrong_type_costs_no_other_field(event: str) -> None:
    message = whole(event)
    read = READ[event][1]
    there = {place for place in places(event) if at(message, place) is not None}
    for place in there - {"delta"}:
        for wrong in WRONG:
            result = decoded(_replaced(message, place.split("."), wrong))
            assert type(result) is READ[event][0], (place, wrong)
            for other in read.keys() - {place}:
                if not other.startswith(f"{place}.") and not place.startswith(f"{other}."):
                    assert attribute(result, read[other]) == attribute(decoded(message), read[other]), (place, wrong)


def attribute(value: Any, name: str) -> Any:
    """What an event holds under a name with dots; None where it holds nothing."""
    for each in name.split("."):
        value = getattr(value, each, None)
    return value


@pytest.mark.parametrize("wrong", ["no base64", 7.5, True, [7], {"a": 1}])
def test_audio_that_cannot_be_read_is_malformed(wrong: Any) -> None:
    result = decoded({**whole("response.output_audio.delta"), "delta": wrong})
    assert result == e.MalformedEvent("The server sent a malformed response.output_audio.delta: 'delta' is not base64.")


@pytest.mark.parametrize("event", ACTED_ON)
def test_a_field_that_is_not_read_may_be_anything(event: str) -> None:
    message = whole(event)
    read = {place.partition(".")[0] for place in READ[event][1]}
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


def _replaced(message: Any, path: Sequence[Any], value: Any) -> Any:
    if not path:
        return value
    copy = dict(message) if isinstance(message, dict) else list(message)
    inner = copy.get(path[0]) if isinstance(copy, dict) else copy[path[0]]
    copy[path[0]] = _replaced(inner, path[1:], value)
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
    odd = decoded({"type": "session.updated", "session": {"id": "s1", "audio": 7, "output_audio_format": "pcm16"}})
    assert odd == e.SessionUpdated("s1")


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


def test_what_stands_in_the_place_of_a_text_or_a_number_is_understood() -> None:
    usage = {"total_tokens": "12", "input_token_details": {"text_tokens": "many", "audio_tokens": 7.0}}
    item = {"type": "function_call", "call_id": 5, "arguments": {"city": "Omsk"}}
    response = {"id": 7, "status_details": "overloaded", "usage": usage, "output": [item, 7, None]}
    result = decoded({"type": "response.done", "response": response})
    assert isinstance(result, e.ResponseDone)
    assert (result.response_id, result.details.error) == ("7", e.ServerError("overloaded"))
    assert result.usage == e.Usage(total_tokens=12, input_audio_tokens=7)
    assert result.output[0] == e.Item(type="function_call", call_id="5", arguments='{"city": "Omsk"}')
