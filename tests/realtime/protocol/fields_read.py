"""The fields of server events that have to be read: where each is on the wire, and which attribute holds it.

Written by hand from tests/data/realtime_events.json, so that a name that is misspelled in the engine is found out.
"""

from __future__ import annotations

from engine.realtime.protocol import server_events as e

Read = dict[str, str]
"""The attribute for each place in a message; dots lead into objects."""


def same(*names: str) -> Read:
    """Fields whose attributes are called as on the wire."""
    return {name: name for name in names}


def inside(outer: str, attribute: str, read: Read) -> Read:
    """Fields of an object inside a message."""
    return {f"{outer}.{place}": f"{attribute}.{name}" for place, name in read.items()}


_SESSION = {
    "session.id": "session_id",
    "session.model": "model",
    "session.expires_at": "expires_at",
    "session.audio.output.format.rate": "output_rate_hz",
}
IN_NO_LIST = {"session.id": "sess_1", "session.expires_at": 1790000000}
"""Places that the list of the protocol lacks, since it has the shapes of requests: what servers answer there."""

_ERROR = same("message", "type", "code", "param", "event_id")
_ITEM = {
    **same("id", "type", "role", "name", "call_id", "arguments", "status", "output", "server_label", "tools"),
    **inside("error", "error", _ERROR),
}
_TOKENS = {
    **same("total_tokens", "input_tokens", "output_tokens"),
    "input_token_details.text_tokens": "input_text_tokens",
    "input_token_details.audio_tokens": "input_audio_tokens",
}
_USAGE = {
    **_TOKENS,
    "input_token_details.image_tokens": "input_image_tokens",
    "input_token_details.cached_tokens": "cached_tokens",
    "input_token_details.cached_tokens_details.text_tokens": "cached_text_tokens",
    "input_token_details.cached_tokens_details.audio_tokens": "cached_audio_tokens",
    "input_token_details.cached_tokens_details.image_tokens": "cached_image_tokens",
    "output_token_details.text_tokens": "output_text_tokens",
    "output_token_details.audio_tokens": "output_audio_tokens",
}
_RESPONSE = {
    "response.id": "response_id",
    "response.status": "status",
    "response.status_details.reason": "details.reason",
    "response.output": "output",
    **inside("response.status_details.error", "details.error", _ERROR),
    **inside("response.usage", "usage", _USAGE),
}
_INPUT = "session.audio.input"
_TURN = {
    **_SESSION,
    f"{_INPUT}.turn_detection.create_response": "creates_response",
    f"{_INPUT}.turn_detection.interrupt_response": "interrupts_response",
    f"{_INPUT}.turn_detection.type": "turn_detection",
    f"{_INPUT}.format.type": "input_format",
    f"{_INPUT}.format.rate": "input_rate_hz",
    "session.audio.output.format.type": "output_format",
}
_TRANSCRIPT = {"transcript": "text", **inside("usage", "usage", {**same("type", "seconds"), **_TOKENS})}
_HERE = same("response_id", "item_id", "content_index")
_IN_ITEM = inside("item", "item", _ITEM)

_READ: dict[str, tuple[type[e.ServerEvent], Read]] = {
    "session.created": (e.SessionCreated, _SESSION),
    "session.updated": (e.SessionUpdated, _TURN),
    "input_audio_buffer.speech_started": (e.SpeechStarted, same("item_id")),
    "input_audio_buffer.speech_stopped": (e.SpeechStopped, same("item_id", "audio_end_ms")),
    "input_audio_buffer.committed": (e.Committed, same("item_id")),
    "input_audio_buffer.timeout_triggered": (e.TimeoutTriggered, {}),
    "conversation.item.input_audio_transcription.delta": (e.TranscriptDelta, {**same("item_id"), "delta": "text"}),
    "conversation.item.input_audio_transcription.completed": (
        e.TranscriptCompleted,
        {**same("item_id"), **_TRANSCRIPT},
    ),
    "conversation.item.input_audio_transcription.failed": (e.TranscriptFailed, inside("error", "error", _ERROR)),
    "conversation.item.added": (e.ItemAdded, _IN_ITEM),
    "conversation.item.created": (e.ItemAdded, _IN_ITEM),
    "conversation.item.done": (e.ItemDone, _IN_ITEM),
    "response.created": (e.ResponseCreated, {"response.id": "response_id"}),
    "response.done": (e.ResponseDone, _RESPONSE),
    "response.output_item.added": (e.OutputItemAdded, {**same("response_id"), **_IN_ITEM}),
    "response.function_call_arguments.done": (
        e.ArgumentsDone,
        same("response_id", "call_id", "name", "arguments"),
    ),
    "response.output_item.done": (e.OutputItemDone, {**same("response_id"), **_IN_ITEM}),
    "response.output_audio.delta": (e.AudioDelta, {**_HERE, "delta": "audio"}),
    "response.output_audio.done": (e.AudioDone, _HERE),
    "response.output_text.delta": (e.TextDelta, {**_HERE, "delta": "text"}),
    "response.output_text.done": (e.TextDone, {**_HERE, "text": "text"}),
    "response.output_audio_transcript.delta": (e.TextDelta, {**_HERE, "delta": "text"}),
    "response.output_audio_transcript.done": (e.TextDone, {**_HERE, "transcript": "text"}),
    "mcp_list_tools.in_progress": (e.McpListing, same("item_id")),
    "mcp_list_tools.completed": (e.McpListing, same("item_id")),
    "mcp_list_tools.failed": (e.McpListing, same("item_id")),
    "response.mcp_call.in_progress": (e.McpCall, same("item_id")),
    "response.mcp_call.completed": (e.McpCall, same("item_id")),
    "response.mcp_call.failed": (e.McpCall, same("item_id")),
    "error": (e.ErrorEvent, inside("error", "error", _ERROR)),
}
READ = {event: (kind, {**same("event_id"), **read}) for event, (kind, read) in _READ.items()}
"""Each event that is acted on: its class, and what is read of it."""

SAID_BY_THE_NAME = {"status", "spoken"}
"""Attributes that the event's name decides where the table has no place for them."""
