"""From the wire to `server_events`: lenient about what is missing, null or unknown, strict about types.

Nothing a server sends makes this raise: what can't be read comes back as `MalformedEvent`.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import cast

from engine.realtime.protocol import server_events as e
from engine.realtime.protocol.beta import GA_NAMES, in_ga_terms
from engine.realtime.protocol.codec import parse_json
from engine.realtime.protocol.declarations import FieldError, event_reader
from engine.realtime.protocol.server_events.base import DECLARED
from engine.realtime.protocol.server_events.depth import is_deeper

_READERS = {name: event_reader(declared) for name, declared in DECLARED.items()}
_READERS |= {beta: _READERS[ga] for beta, ga in GA_NAMES.items()}
_SESSION_EVENTS = frozenset({"session.created", "session.updated"})

_log = logging.getLogger(__name__)


def decode_event(data: str | bytes, *, unheard: bool = False) -> e.ServerEvent:
    """Turn one text frame into an event.

    Args:
        data: JSON text, or its UTF-8 bytes.
        unheard: Nobody will hear its audio, which is not decoded: silence of the same length stands for it.

    Example:
        >>> decode_event('{"type": "response.output_text.delta", "response_id": "r1", "delta": "Hello"}')
        TextDelta(response_id='r1', item_id='', content_index=0, text='Hello', spoken=False)
        >>> decode_event("hello")
        MalformedEvent(reason='The server sent a message that is not JSON.')
    """
    try:
        message = parse_json(data)
    except (ValueError, RecursionError):
        return e.MalformedEvent("The server sent a message that is not JSON.")
    is_event = isinstance(message, dict) and isinstance(message.get("type"), str)
    if not is_event or is_deeper(message):
        return e.MalformedEvent("The server sent JSON that is not an event.")
    kind: str = message["type"]
    reader = _READERS.get(kind)
    if reader is None:
        _log.debug("event %s is not acted on", kind)
        return e.UnknownEvent(kind)
    if kind in _SESSION_EVENTS:
        message = in_ga_terms(message)
    if kind == "error" and not message.get("error"):  # some servers say it in the event itself
        message["error"] = {name: message.get(name) for name in ("message", "code", "param")}
    sound = message.get("delta")
    try:
        if unheard and reader is _READERS["response.output_audio.delta"] and isinstance(sound, str):
            silence = bytes(len(sound) * 3 // 4 - sound[-2:].count("="))
            return replace(cast(e.AudioDelta, reader(message | {"delta": ""})), audio=silence)
        return reader(message)
    except FieldError as error:
        return e.MalformedEvent(f"The server sent a malformed {kind}: {error}.")
