"""Checks what a client sends as strictly as the real services do, and says what is wrong in their words."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

_Object = dict[str, Any]
MIN_RATE_HZ, MAX_RATE_HZ = 8000, 48000
_MAX_DEPTH = 64
"""Deeper JSON is refused: whatever walks through it later would run out of stack."""
_SHOWN = 64
"""Characters of the client's own words that an error repeats."""


@dataclass(eq=False)  # an exception must be hashable and take a traceback
class Refusal(Exception):  # noqa: N818 - the protocol's word for it is an error event
    """An event that cannot be carried out; becomes an error event, and the session goes on."""

    message: str
    code: str = "invalid_value"
    param: str | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """What a field must be."""

    types: tuple[type, ...]
    required: bool = False
    fields: dict[str, Need] | None = None
    """Of an object: its known fields; None allows any."""


_TEXT, _FLAG, _INTEGER, _NUMBER = Need((str,)), Need((bool,)), Need((int,)), Need((int, float))
_LIST, _ANY_OBJECT = Need((list,)), Need((dict,))


def _required(need: Need) -> Need:
    return Need(need.types, True, need.fields)


_FORMAT = Need((dict,), fields={"type": _TEXT, "rate": _INTEGER, "channels": _INTEGER})
_TURN_DETECTION = Need(
    (dict,),
    fields={
        "type": _required(_TEXT),
        "threshold": _NUMBER,
        "prefix_padding_ms": _INTEGER,
        "silence_duration_ms": _INTEGER,
        "create_response": _FLAG,
        "interrupt_response": _FLAG,
        "idle_timeout_ms": _INTEGER,
    },
)
_AUDIO_INPUT = {
    "format": _FORMAT,
    "turn_detection": _TURN_DETECTION,
    "transcription": _ANY_OBJECT,
    "noise_reduction": _ANY_OBJECT,
    "languages": _LIST,
}
_AUDIO_OUTPUT = {"format": _FORMAT, "voice": Need((str, dict)), "speed": _NUMBER, "role": _TEXT}
_SESSION = Need(
    (dict,),
    fields={
        "type": _TEXT,
        "id": _TEXT,
        "object": _TEXT,
        "model": _TEXT,
        "instructions": _TEXT,
        "output_modalities": _LIST,
        "audio": Need(
            (dict,), fields={"input": Need((dict,), fields=_AUDIO_INPUT), "output": Need((dict,), fields=_AUDIO_OUTPUT)}
        ),
        "tools": _LIST,
        "tool_choice": Need((str, dict)),
        "parallel_tool_calls": _FLAG,
        "max_output_tokens": Need((int, str)),
        "include": _LIST,
        "prompt": _ANY_OBJECT,
        "tracing": Need((str, dict)),
        "truncation": Need((str, dict)),
        "reasoning": _ANY_OBJECT,
    },
)
_RESPONSE = Need(
    (dict,),
    fields={
        "conversation": _TEXT,
        "instructions": _TEXT,
        "output_modalities": _LIST,
        "modalities": _LIST,
        "metadata": _ANY_OBJECT,
        "input": _LIST,
        "tools": _LIST,
        "tool_choice": Need((str, dict)),
        "audio": Need((dict,), fields={"output": Need((dict,), fields=_AUDIO_OUTPUT)}),
        "max_output_tokens": Need((int, str)),
        "parallel_tool_calls": _FLAG,
        "prompt": _ANY_OBJECT,
        "reasoning": _ANY_OBJECT,
    },
)
_ITEM_ID = {"item_id": _required(_TEXT)}

EVENTS: dict[str, dict[str, Need]] = {
    "session.update": {"session": _required(_SESSION)},
    "input_audio_buffer.append": {"audio": _required(_TEXT)},
    "input_audio_buffer.commit": {},
    "input_audio_buffer.clear": {},
    "output_audio_buffer.clear": {},
    "conversation.item.create": {"item": _required(_ANY_OBJECT), "previous_item_id": _TEXT},
    "conversation.item.retrieve": _ITEM_ID,
    "conversation.item.delete": _ITEM_ID,
    "conversation.item.truncate": {
        **_ITEM_ID,
        "content_index": _required(_INTEGER),
        "audio_end_ms": _required(_INTEGER),
    },
    "response.create": {"response": _RESPONSE},
    "response.cancel": {"response_id": _TEXT},
}
"""Every client event with its fields, beside `type` and `event_id`."""


def parse(text: str) -> _Object:
    """Return a client's message as an object.

    Raises:
        Refusal: it is not JSON, no object, or nested too deep.
    """
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise Refusal("The message is not valid JSON.", "invalid_json") from None
    if not isinstance(message, dict):
        raise Refusal("The message is not a JSON object.", "invalid_json")
    if _is_deeper(message, _MAX_DEPTH):
        raise Refusal(f"The message is nested deeper than {_MAX_DEPTH} levels.", "invalid_json")
    return message


def _is_deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    entries = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(entry, levels - 1) for entry in entries)


def check(message: _Object) -> str:
    """Check an event's fields; return its type.

    Raises:
        Refusal: something is missing, unknown or of a wrong type; `param` names it.
    """
    kind = message.get("type")
    if not isinstance(kind, str):
        raise Refusal("The event has no type.", "missing_required_parameter", "type")
    if kind not in EVENTS:
        raise Refusal(f"Unknown event type '{kind[:_SHOWN]}'. Known are: {', '.join(EVENTS)}.", "invalid_value", "type")
    own = {name: value for name, value in message.items() if name != "type"}
    check_fields(own, {"event_id": _TEXT, **EVENTS[kind]}, "")
    return kind


def check_fields(values: _Object, needs: dict[str, Need], path: str = "") -> None:
    """Check the fields of an object, at `path` of the event ("" or ending with a dot).

    Raises:
        Refusal: something is missing, unknown or of a wrong type; `param` names it.
    """
    for name, need in needs.items():
        if need.required and values.get(name) is None:
            raise Refusal(f"Missing required parameter: '{path}{name}'.", "missing_required_parameter", path + name)
    for name, value in values.items():
        where = path + name[:_SHOWN]
        if name not in needs:
            raise Refusal(f"Unknown parameter: '{where}'.", "unknown_parameter", where)
        if value is None:
            continue
        need = needs[name]
        # A boolean is an int to Python, but not to JSON.
        if not isinstance(value, need.types) or (isinstance(value, bool) and bool not in need.types):
            wanted = " or ".join(type_.__name__ for type_ in need.types)
            raise Refusal(f"Invalid type for '{where}': expected {wanted}.", "invalid_type", where)
        if need.fields is not None and isinstance(value, dict):
            check_fields(value, need.fields, f"{where}.")


def decode_audio(text: str) -> bytes:
    """Return the PCM16 of an append event.

    Raises:
        Refusal: it is not base64, or has half a sample.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refusal("The audio is not valid base64.", "invalid_value", "audio") from None
    if len(data) % 2:
        raise Refusal("PCM16 audio must have an even number of bytes.", "invalid_value", "audio")
    return data
