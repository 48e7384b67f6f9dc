"""Every client event of the protocol with its fields, those of the beta's sessions among them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.local.protocol.validation import Need, Refusal, check_fields

MIN_RATE_HZ, MAX_RATE_HZ = 8000, 48000
MAX_INSTRUCTIONS = 1 << 20
MAX_OUTPUT_TOKENS = 4096
BETA_FORMATS = {"pcm16": "audio/pcm", "g711_ulaw": "audio/pcmu", "g711_alaw": "audio/pcma"}


def _text(*choices: str, longest: int | None = None, required: bool = False) -> Need:
    return Need((str,), required=required, choices=choices, longest=longest)


def _list(each: Need | None = None) -> Need:
    return Need((list,), each=each)


def _object(**fields: Need) -> Need:
    return Need((dict,), fields=fields)


def _number(lowest: float, highest: float) -> Need:
    return Need((int, float), between=(lowest, highest))


def _integer(lowest: int, highest: int) -> Need:
    return Need((int,), between=(lowest, highest))


_TEXT, _FLAG, _ANY_OBJECT = _text(), Need((bool,)), Need((dict,))
_TEXT_OR_OBJECT = Need((str, dict))
_MODALITIES = _list(_text("audio", "text"))
_FORMAT = _object(
    type=_text("audio/pcm", "audio/pcmu", "audio/pcma"),
    rate=_integer(MIN_RATE_HZ, MAX_RATE_HZ),
    channels=_integer(1, 1),
)
_ANY_VAD = {"create_response": _FLAG, "interrupt_response": _FLAG}
VADS: Mapping[str, Mapping[str, Need]] = {
    "server_vad": {
        "threshold": _number(0, 1),
        "prefix_padding_ms": _integer(0, 5000),
        "silence_duration_ms": _integer(0, 10_000),
        "idle_timeout_ms": _integer(5000, 30_000),
        **_ANY_VAD,
    },
    "semantic_vad": {"eagerness": _text("low", "medium", "high", "auto"), **_ANY_VAD},
}
"""The ways to detect turns, with the parameters of each."""
_TURN_DETECTION = _object(
    type=_text(*VADS, required=True), **{name: need for vad in VADS.values() for name, need in vad.items()}
)
_TRANSCRIPTION = _object(
    model=_TEXT, language=_TEXT, prompt=_TEXT, languages=_list(_TEXT), keywords=_list(_TEXT), delay=_TEXT
)
_NOISE_REDUCTION = _object(type=_text("near_field", "far_field"), strength=_number(0, 1))
_AUDIO_INPUT = _object(
    format=_FORMAT,
    turn_detection=_TURN_DETECTION,
    transcription=_TRANSCRIPTION,
    noise_reduction=_NOISE_REDUCTION,
    languages=_list(_TEXT),
)
_AUDIO_OUTPUT = _object(format=_FORMAT, voice=_TEXT_OR_OBJECT, speed=_number(0.25, 1.5), role=_TEXT)
_MCP_FIELDS = (
    "server_url connector_id server_description authorization headers allowed_tools require_approval allowed_callers "
    "defer_loading tunnel_id"
)
TOOLS = {"function": "name", "mcp": "server_label"}
"""The kinds of tools, with the field that each is known by."""
_TOOL = _object(
    type=_text(*TOOLS, required=True),
    description=_TEXT,
    parameters=_ANY_OBJECT,
    **dict.fromkeys(TOOLS.values(), _text(longest=64)),
    **dict.fromkeys(_MCP_FIELDS.split(), Need((str, bool, dict, list))),
)
_ANSWERING = {
    "instructions": _text(longest=MAX_INSTRUCTIONS),
    "output_modalities": _MODALITIES,
    "tools": _list(_TOOL),
    "tool_choice": _TEXT_OR_OBJECT,
    "parallel_tool_calls": _FLAG,
    "max_output_tokens": Need((int, str), between=(1, MAX_OUTPUT_TOKENS), choices=("inf",)),
    "prompt": _ANY_OBJECT,
    "reasoning": _ANY_OBJECT,
}
"""Fields that a session and a single response both take."""
_BETA_FORMAT = _text(*BETA_FORMATS)
BETA_ANSWERING = {
    "modalities": _MODALITIES,
    "voice": _TEXT,
    "output_audio_format": _BETA_FORMAT,
    "temperature": _number(0.6, 1.2),
    "max_response_output_tokens": _ANSWERING["max_output_tokens"],
}
BETA_SESSION = {
    **BETA_ANSWERING,
    "input_audio_format": _BETA_FORMAT,
    "input_audio_transcription": _TRANSCRIPTION,
    "input_audio_noise_reduction": _NOISE_REDUCTION,
    "turn_detection": _TURN_DETECTION,
    "speed": _number(0.25, 1.5),
}
"""Fields that GA moved or dropped; clients of the beta still send them."""
_SESSION = _object(
    type=_text("realtime"),
    id=_TEXT,
    object=_TEXT,
    model=_TEXT,
    audio=_object(input=_AUDIO_INPUT, output=_AUDIO_OUTPUT),
    include=_list(_text("item.input_audio_transcription.logprobs")),
    tracing=_TEXT_OR_OBJECT,
    truncation=_TEXT_OR_OBJECT,
    **_ANSWERING,
    **BETA_SESSION,
)
_METADATA = Need((dict,), each=_text(longest=512), longest=16)
_RESPONSE = _object(
    conversation=_text("auto", "none"),
    metadata=_METADATA,
    input=_list(_ANY_OBJECT),
    audio=_object(output=_AUDIO_OUTPUT),
    **_ANSWERING,
    **BETA_ANSWERING,
)
_ITEM_ID = {"item_id": _text(required=True)}
_REQUIRED_INTEGER = Need((int,), required=True, between=(-(2**31), 2**31))

EVENTS: dict[str, Mapping[str, Need]] = {
    "session.update": {"session": Need((dict,), required=True, fields=_SESSION.fields)},
    "input_audio_buffer.append": {"audio": _text(required=True)},
    "input_audio_buffer.commit": {},
    "input_audio_buffer.clear": {},
    "output_audio_buffer.clear": {},
    "conversation.item.create": {"item": Need((dict,), required=True), "previous_item_id": _TEXT},
    "conversation.item.retrieve": _ITEM_ID,
    "conversation.item.delete": _ITEM_ID,
    "conversation.item.truncate": {
        **_ITEM_ID,
        "content_index": _REQUIRED_INTEGER,
        "audio_end_ms": _REQUIRED_INTEGER,
    },
    "response.create": {"response": _RESPONSE},
    "response.cancel": {"response_id": _TEXT},
}
"""Every client event with its fields, beside `type` and `event_id`."""


def check_event(message: dict[str, Any]) -> str:
    """Check an event's fields; return its type.

    Raises:
        Refusal: something is missing, unknown or of a wrong type; `param` names it.
    """
    kind = message.get("type")
    if not isinstance(kind, str):
        raise Refusal("The event has no type.", "missing_required_parameter", "type")
    if kind not in EVENTS:
        raise Refusal(f"Unknown event type '{kind[:64]}'. Known types: {', '.join(EVENTS)}.", "invalid_value", "type")
    own = {name: value for name, value in message.items() if name != "type"}
    check_fields(own, {"event_id": _text(longest=512), **EVENTS[kind]}, "")
    return kind


def check_secret_request(body: dict[str, Any]) -> None:
    """Check the request for a client secret.

    Raises:
        Refusal: something is unknown or of a wrong type; `param` names it.
    """
    lasts = _object(anchor=_text("created_at"), seconds=_integer(10, 7200))
    check_fields(body, {"expires_after": lasts, "session": _SESSION})
