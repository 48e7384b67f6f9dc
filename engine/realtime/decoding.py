"""From the wire to `engine.realtime.events`: lenient about what is missing, null or unknown, strict about types.

Nothing a server sends makes this raise: what can't be read comes back as `MalformedEvent`.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable
from typing import Any

from engine.dsp.audio_events import read_audio_delta
from engine.realtime import events as e

_Object = dict[str, Any]


class _FieldError(Exception):
    """A field of the wrong type; the text names the field and quotes nothing."""


def decode_event(data: str | bytes) -> e.ServerEvent:
    """Turn one text frame into an event.

    Args:
        data: JSON text, or its UTF-8 bytes.

    Example:
        >>> decode_event('{"type": "response.created", "response": {"id": "resp_1"}}')
        ResponseCreated(response_id='resp_1')
        >>> decode_event("hello")
        MalformedEvent(reason='The server sent a message that is not JSON.')
    """
    audio_delta = read_audio_delta(data)
    if audio_delta is not None:
        return e.AudioDelta(*audio_delta)
    try:
        message = json.loads(data)
    except (ValueError, RecursionError):
        return e.MalformedEvent("The server sent a message that is not JSON.")
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return e.MalformedEvent("The server sent JSON that is no event.")
    kind: str = message["type"]
    decoder = _DECODERS.get(kind)
    if decoder is None:
        return e.UnknownEvent(kind, message)
    try:
        return decoder(message)
    except _FieldError as error:
        return e.MalformedEvent(f"The server sent a malformed {kind}: {error}.")


def _text(message: _Object, name: str) -> str:
    value = message.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _FieldError(f"'{name}' is no string")
    return value


def _integer(message: _Object, name: str) -> int:
    value = message.get(name)
    if value is None:
        return 0
    # NaN and infinity pass json.loads, and int() raises on them.
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _FieldError(f"'{name}' is no number")
    return int(value)


def _object(message: _Object, name: str) -> _Object:
    value = message.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _FieldError(f"'{name}' is no object")
    return value


def _audio(message: _Object) -> bytes:
    try:
        return base64.b64decode(_text(message, "delta"), validate=True)
    except ValueError:
        raise _FieldError("its audio is not base64") from None


def _item(message: _Object) -> e.Item:
    item = _object(message, "item")
    names = ("id", "type", "role", "status", "name", "call_id", "arguments")
    return e.Item(**{name: _text(item, name) for name in names})


def _error(holder: _Object) -> e.ServerError:
    error = holder.get("error")
    if isinstance(error, str):
        return e.ServerError(message=error)
    error = _object(holder, "error")
    # Some servers number their codes.
    code = error.get("code")
    return e.ServerError(
        message=_text(error, "message"),
        type=_text(error, "type"),
        code="" if code is None else str(code),
        param=_text(error, "param"),
        event_id=_text(error, "event_id"),
    )


def _part(message: _Object) -> _Object:
    """The fields that place a delta: response, item and part of its content."""
    return {
        "response_id": _text(message, "response_id"),
        "item_id": _text(message, "item_id"),
        "content_index": _integer(message, "content_index"),
    }


def _session_created(message: _Object) -> e.SessionCreated:
    session = _object(message, "session")
    return e.SessionCreated(_text(session, "id"), _text(session, "model"))


def _session_updated(message: _Object) -> e.SessionUpdated:
    session = _object(message, "session")
    wire_format = _object(_object(_object(session, "audio"), "output"), "format")
    rate_hz = _integer(wire_format, "rate") or None
    return e.SessionUpdated(_text(session, "id"), _text(session, "model"), rate_hz)


def _response_created(message: _Object) -> e.ResponseCreated:
    return e.ResponseCreated(_text(_object(message, "response"), "id"))


def _response_done(message: _Object) -> e.ResponseDone:
    response = _object(message, "response")
    details = _object(response, "status_details")
    return e.ResponseDone(
        response_id=_text(response, "id"),
        status=_text(response, "status"),
        reason=_text(details, "reason"),
        error=_error(details) if details.get("error") is not None else None,
    )


def _audio_delta(message: _Object) -> e.AudioDelta:
    return e.AudioDelta(**_part(message), audio=_audio(message))


def _text_delta(message: _Object) -> e.TextDelta:
    return e.TextDelta(**_part(message), text=_text(message, "delta"))


def _spoken_delta(message: _Object) -> e.TextDelta:
    return e.TextDelta(**_part(message), text=_text(message, "delta"), spoken=True)


def _text_done(message: _Object) -> e.TextDone:
    return e.TextDone(**_part(message), text=_text(message, "text"))


def _spoken_done(message: _Object) -> e.TextDone:
    return e.TextDone(**_part(message), text=_text(message, "transcript"), spoken=True)


_TRANSCRIPTION = "conversation.item.input_audio_transcription"

_DECODERS: dict[str, Callable[[_Object], e.ServerEvent]] = {
    "response.output_audio.delta": _audio_delta,
    "response.output_audio.done": lambda m: e.AudioDone(**_part(m)),
    "response.output_audio_transcript.delta": _spoken_delta,
    "response.output_audio_transcript.done": _spoken_done,
    "response.output_text.delta": _text_delta,
    "response.output_text.done": _text_done,
    "response.created": _response_created,
    "response.output_item.added": lambda m: e.OutputItemAdded(_text(m, "response_id"), _item(m)),
    "response.output_item.done": lambda m: e.OutputItemDone(_text(m, "response_id"), _item(m)),
    "response.done": _response_done,
    "input_audio_buffer.speech_started": lambda m: e.SpeechStarted(_text(m, "item_id"), _integer(m, "audio_start_ms")),
    "input_audio_buffer.speech_stopped": lambda m: e.SpeechStopped(_text(m, "item_id"), _integer(m, "audio_end_ms")),
    "input_audio_buffer.committed": lambda m: e.Committed(_text(m, "item_id")),
    f"{_TRANSCRIPTION}.delta": lambda m: e.TranscriptDelta(_text(m, "item_id"), _text(m, "delta")),
    f"{_TRANSCRIPTION}.completed": lambda m: e.TranscriptCompleted(_text(m, "item_id"), _text(m, "transcript")),
    f"{_TRANSCRIPTION}.failed": lambda m: e.TranscriptFailed(_text(m, "item_id"), _error(m)),
    "conversation.item.added": lambda m: e.ItemAdded(_item(m)),
    "conversation.item.truncated": lambda m: e.ItemTruncated(
        _text(m, "item_id"), _integer(m, "content_index"), _integer(m, "audio_end_ms")
    ),
    "conversation.item.deleted": lambda m: e.ItemDeleted(_text(m, "item_id")),
    "session.created": _session_created,
    "session.updated": _session_updated,
    "error": lambda m: e.ErrorEvent(_error(m)),
}

_BETA_NAMES = {
    "response.audio.delta": "response.output_audio.delta",
    "response.audio.done": "response.output_audio.done",
    "response.audio_transcript.delta": "response.output_audio_transcript.delta",
    "response.audio_transcript.done": "response.output_audio_transcript.done",
    "response.text.delta": "response.output_text.delta",
    "response.text.done": "response.output_text.done",
    "conversation.item.created": "conversation.item.added",
}
"""What servers that still speak the beta call the same events."""

_DECODERS.update({beta: _DECODERS[name] for beta, name in _BETA_NAMES.items()})
