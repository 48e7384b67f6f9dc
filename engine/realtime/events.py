"""What a Realtime server says, as small frozen values: the vocabulary of the conversation.

`engine.realtime.decoding` makes them from the wire, under their GA names and those of the beta. Fields that a server
leaves out or sends as null have their defaults here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """Base of all."""


@dataclass(frozen=True, slots=True)
class Item:
    """A conversation item, as far as a client needs it."""

    id: str = ""
    type: str = ""
    """`message`, `function_call`, `function_call_output`, ..."""
    role: str = ""
    status: str = ""
    name: str = ""
    call_id: str = ""
    arguments: str = ""
    """JSON text, as the model wrote it."""


@dataclass(frozen=True, slots=True)
class ServerError:
    """The error object of error events, failed responses and failed transcriptions."""

    message: str = ""
    type: str = ""
    code: str = ""
    param: str = ""
    event_id: str = ""
    """The client event that caused it, if one did."""


@dataclass(frozen=True, slots=True)
class SessionCreated(ServerEvent):
    """session.created."""

    session_id: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class SessionUpdated(ServerEvent):
    """session.updated; one server sends it twice, and with null for the rates."""

    session_id: str = ""
    model: str = ""
    output_rate_hz: int | None = None


@dataclass(frozen=True, slots=True)
class SpeechStarted(ServerEvent):
    """input_audio_buffer.speech_started: the user began to speak."""

    item_id: str = ""
    audio_start_ms: int = 0


@dataclass(frozen=True, slots=True)
class SpeechStopped(ServerEvent):
    """input_audio_buffer.speech_stopped: the user has ended speaking, a silence ago."""

    item_id: str = ""
    audio_end_ms: int = 0


@dataclass(frozen=True, slots=True)
class Committed(ServerEvent):
    """input_audio_buffer.committed: the user's turn became an item."""

    item_id: str = ""


@dataclass(frozen=True, slots=True)
class ItemAdded(ServerEvent):
    """conversation.item.added, or conversation.item.created of the beta."""

    item: Item = field(default_factory=Item)


@dataclass(frozen=True, slots=True)
class ItemTruncated(ServerEvent):
    """conversation.item.truncated."""

    item_id: str = ""
    content_index: int = 0
    audio_end_ms: int = 0


@dataclass(frozen=True, slots=True)
class ItemDeleted(ServerEvent):
    """conversation.item.deleted."""

    item_id: str = ""


@dataclass(frozen=True, slots=True)
class TranscriptDelta(ServerEvent):
    """conversation.item.input_audio_transcription.delta: a piece of what the user said."""

    item_id: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class TranscriptCompleted(ServerEvent):
    """conversation.item.input_audio_transcription.completed: what the user said."""

    item_id: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class TranscriptFailed(ServerEvent):
    """conversation.item.input_audio_transcription.failed."""

    item_id: str = ""
    error: ServerError = field(default_factory=ServerError)


@dataclass(frozen=True, slots=True)
class ResponseCreated(ServerEvent):
    """response.created."""

    response_id: str = ""


@dataclass(frozen=True, slots=True)
class OutputItemAdded(ServerEvent):
    """response.output_item.added."""

    response_id: str = ""
    item: Item = field(default_factory=Item)


@dataclass(frozen=True, slots=True)
class OutputItemDone(ServerEvent):
    """response.output_item.done: the one event in which a call's name and arguments are always whole."""

    response_id: str = ""
    item: Item = field(default_factory=Item)


@dataclass(frozen=True, slots=True)
class AudioDelta(ServerEvent):
    """response.output_audio.delta: PCM16 little-endian mono at the wire rate; the length may be odd."""

    response_id: str = ""
    item_id: str = ""
    content_index: int = 0
    audio: bytes | memoryview = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class AudioDone(ServerEvent):
    """response.output_audio.done: no more audio of this part."""

    response_id: str = ""
    item_id: str = ""
    content_index: int = 0


@dataclass(frozen=True, slots=True)
class TextDelta(ServerEvent):
    """response.output_text.delta, or response.output_audio_transcript.delta if `spoken`."""

    response_id: str = ""
    item_id: str = ""
    content_index: int = 0
    text: str = ""
    spoken: bool = False


@dataclass(frozen=True, slots=True)
class TextDone(ServerEvent):
    """response.output_text.done, or response.output_audio_transcript.done if `spoken`."""

    response_id: str = ""
    item_id: str = ""
    content_index: int = 0
    text: str = ""
    spoken: bool = False


@dataclass(frozen=True, slots=True)
class ResponseDone(ServerEvent):
    """response.done: generated, which is not heard."""

    response_id: str = ""
    status: str = ""
    """`completed`, `cancelled`, `failed` or `incomplete`."""
    reason: str = ""
    """`turn_detected`, `client_cancelled`, `max_output_tokens`, `content_filter` or nothing."""
    error: ServerError | None = None


@dataclass(frozen=True, slots=True)
class ErrorEvent(ServerEvent):
    """error."""

    error: ServerError = field(default_factory=ServerError)


@dataclass(frozen=True, slots=True)
class UnknownEvent(ServerEvent):
    """An event this client does not act on."""

    type: str = ""
    raw: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class MalformedEvent(ServerEvent):
    """What came is no Realtime event, or breaks its own type; `reason` quotes none of it."""

    reason: str = ""
