"""The values between a session and its conversation as JSON, and the inputs among them back again."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from engine.audio.playback.segments import Cut, Heard, ItemKey
from engine.errors import VoiceError
from engine.realtime.conversation.actions import ToolResult
from engine.realtime.conversation.answers import Answer
from engine.realtime.conversation.history import Said, Used
from engine.realtime.protocol import server_events as e
from engine.realtime.protocol.client_events import ClientEvent, UpdateSession
from engine.realtime.session_events import SessionEvent
from engine.redaction import without_secrets

_CLASS = "$"
MAX_AUDIO_BYTES = 16 << 20
"""As much as the largest event; a recording that says more asks for memory only."""
_KINDS = (Cut, Heard, ItemKey, ToolResult, e.MalformedEvent, Said, Used, Answer)
_INPUTS: dict[str, type] = {kind.__name__: kind for kind in _KINDS}
"""Inputs of a conversation besides the events of a server and plain values."""


class AbsentAudio(bytes):
    """Stands for audio of which only the length and the checksum are known."""

    checksum: int

    def __new__(cls, size: int, checksum: int) -> AbsentAudio:
        """Make audio of so many bytes, none of which is the real one."""
        if not 0 <= size <= MAX_AUDIO_BYTES:
            raise ValueError(f"no event holds {size} bytes of audio")
        audio = super().__new__(cls, size)
        audio.checksum = checksum
        return audio


def audio_to_json(audio: bytes) -> dict[str, Any]:
    """Audio is told by its length and its checksum; the sound itself is in a WAV file."""
    checksum = audio.checksum if isinstance(audio, AbsentAudio) else zlib.crc32(audio)
    return {"bytes": len(audio), "crc32": checksum}


def to_json(value: Any) -> Any:
    """Return a value as JSON: an action, an argument of an input, or an option.

    Example:
        >>> from engine.audio.playback.segments import ItemKey
        >>> to_json(ItemKey("item_1", 0))
        {'$': 'ItemKey', 'item_id': 'item_1', 'content_index': 0}
    """
    for kind, told in _TOLD:
        if isinstance(value, kind):
            return told(value)
    return _dataclass_to_json(value) if is_dataclass(value) else value


def _dataclass_to_json(value: Any) -> dict[str, Any]:
    told = {entry.name: to_json(getattr(value, entry.name)) for entry in fields(value) if not entry.kw_only}
    return {_CLASS: type(value).__name__, **told}


def _event_to_json(event: ClientEvent) -> dict[str, Any]:
    told = event.fields()
    # The settings of a session may hold the keys of its tools.
    told = without_secrets(told) if isinstance(event, UpdateSession) else told
    return {"type": event.type, "event_id": event.event_id, **to_json(told)}


def _list_to_json(values: Iterable[Any]) -> list[Any]:
    return [to_json(value) for value in values]


_TOLD: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (ClientEvent, _event_to_json),
    (SessionEvent, lambda session_event: to_json(session_event.to_json())),
    (VoiceError, lambda error: {_CLASS: type(error).__name__, "message": error.message, "fix": error.fix}),
    (bytes, audio_to_json),
    (Mapping, lambda values: {str(key): to_json(value) for key, value in values.items()}),
    (list | tuple, _list_to_json),
    (set | frozenset, lambda values: sorted(_list_to_json(values))),
)


def from_json(value: Any) -> Any:
    """Return the input that was told by `to_json`.

    Raises:
        KeyError, TypeError: it is none that a conversation knows.
    """
    if isinstance(value, dict) and _CLASS in value:
        inner = {name: from_json(field) for name, field in value.items() if name != _CLASS}
        known = _INPUTS[value[_CLASS]]
        return known(**{name: tuple(field) if isinstance(field, list) else field for name, field in inner.items()})
    if isinstance(value, dict):
        return {name: from_json(inner) for name, inner in value.items()}
    return [from_json(inner) for inner in value] if isinstance(value, list) else value
