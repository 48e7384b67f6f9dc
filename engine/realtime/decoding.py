"""From the wire to `engine.realtime.events`: lenient about what is missing, null or unknown, strict about types.

Nothing a server sends makes this raise: what can't be read comes back as `MalformedEvent`.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable
from typing import Any

from engine.dsp.base64 import decode_base64
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
    fast = _long_audio_delta(data)
    if fast is not None:
        return fast
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


_KEY = b'"delta"'
_LONG = 1024
"""Characters; a shorter payload is read as quickly the usual way."""


def _long_audio_delta(data: str | bytes) -> e.AudioDelta | None:
    """Read an audio delta without parsing its payload, nearly all of its text; None on any doubt.

    What stands around the payload is parsed as JSON, so escapes, order and spacing of the other fields do not matter;
    the payload itself may only have base64's letters, which need no escape. 10 us for 512 ms of audio, where the full
    parser takes 120.
    """
    if len(data) < _LONG:
        return None
    try:
        text = data.encode() if isinstance(data, str) else data
        first, last = _payload(text)
        around = text[:first] + text[last:]
        message = json.loads(around) if last - first >= _LONG else None
        # A second "delta", inside another object or repeated, would leave it open which of them was cut out.
        if not isinstance(message, dict) or message.get("delta") != "" or around.count(_KEY) != 1:
            return None
        if message.get("type") not in _AUDIO_DELTAS:
            return None
        part = _part(message)
    except (ValueError, RecursionError, _FieldError):
        return None
    audio = decode_base64(text, first, last)
    return None if audio is None else e.AudioDelta(**part, audio=audio)


def _payload(text: bytes) -> tuple[int, int]:
    """Where the string of the first "delta" begins and ends; an empty range where there is none."""
    # The key is searched for without its colon: a text that is not there at all costs 11 us to miss.
    after_key = text.find(_KEY) + len(_KEY)
    first = text.find(b'"', after_key) + 1
    is_value = text[after_key : first - 1].strip() == b":"
    return (first, text.find(b'"', first)) if is_value else (0, 0)


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

_AUDIO_DELTAS = frozenset({"response.output_audio.delta", "response.audio.delta"})
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
