"""Events of a Realtime server that we act on, as small frozen values: the vocabulary of the conversation.

`decode` makes them from the wire, under their GA names and those of the beta. Fields that a server
leaves out or sends as null have their defaults.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engine.realtime.protocol.server_events.base import At, received, wire
from engine.realtime.protocol.server_events.base import ErrorEvent as ErrorEvent
from engine.realtime.protocol.server_events.base import MalformedEvent as MalformedEvent
from engine.realtime.protocol.server_events.base import Pong as Pong
from engine.realtime.protocol.server_events.base import ServerError as ServerError
from engine.realtime.protocol.server_events.base import ServerEvent as ServerEvent
from engine.realtime.protocol.server_events.base import StatusDetails as StatusDetails
from engine.realtime.protocol.server_events.base import UnknownEvent as UnknownEvent


@dataclass(frozen=True, slots=True)
class SessionDescription(ServerEvent):
    """The session as the server has it; beta settings have been given their GA places."""

    session_id: str = wire("session.id", "")
    model: str = wire("session.model", "")
    output_rate_hz: int | None = wire("session.audio.output.format.rate", None)
    """None where a server does not say; one sends null."""
    expires_at: int | None = wire("session.expires_at", None)
    """Unix time at which the service will end the session, where it says so."""


@received("session.created")
class SessionCreated(SessionDescription):
    """session.created."""


@received("session.updated")
class SessionUpdated(SessionDescription):
    """session.updated; one server sends it twice."""

    creates_response: bool | None = wire("session.audio.input.turn_detection.create_response", None)
    """Whether the server answers turns by itself; None where it does not say."""
    interrupts_response: bool | None = wire("session.audio.input.turn_detection.interrupt_response", None)
    """Whether it ends its answer when the user speaks."""
    turn_detection: str = wire("session.audio.input.turn_detection.type", "")
    input_format: str = wire("session.audio.input.format.type", "")
    input_rate_hz: int | None = wire("session.audio.input.format.rate", None)
    output_format: str = wire("session.audio.output.format.type", "")


@received("input_audio_buffer.speech_started")
class SpeechStarted(ServerEvent):
    """input_audio_buffer.speech_started: the user began to speak."""

    item_id: str = ""


@received("input_audio_buffer.speech_stopped")
class SpeechStopped(ServerEvent):
    """input_audio_buffer.speech_stopped: the user has ended speaking, a silence ago."""

    item_id: str = ""
    audio_end_ms: int = 0


@received("input_audio_buffer.committed")
class Committed(ServerEvent):
    """input_audio_buffer.committed: the user's turn became an item."""

    item_id: str = ""


@received("input_audio_buffer.timeout_triggered")
class TimeoutTriggered(ServerEvent):
    """input_audio_buffer.timeout_triggered: silent for `idle_timeout_ms`, so the model will speak."""


_TRANSCRIPT = "conversation.item.input_audio_transcription"


@received(f"{_TRANSCRIPT}.delta")
@dataclass(frozen=True, slots=True)
class TranscriptDelta(ServerEvent):
    """conversation.item.input_audio_transcription.delta: some of what the user said, as it is understood."""

    item_id: str = ""
    text: str = wire("delta", "")


@received(f"{_TRANSCRIPT}.completed")
class TranscriptCompleted(ServerEvent):
    """conversation.item.input_audio_transcription.completed: what the user said."""

    item_id: str = ""
    text: str = wire("transcript", "")
    usage: TranscriptUsage | None = None


@received(f"{_TRANSCRIPT}.failed")
class TranscriptFailed(ServerEvent):
    """conversation.item.input_audio_transcription.failed."""

    error: ServerError = field(default_factory=ServerError)


@dataclass(frozen=True, slots=True)
class Item:
    """A conversation item of any type, as far as we act on it; what its type does not have is empty."""

    id: str = ""
    type: str = ""
    """`message`, `function_call`, `mcp_list_tools`, `mcp_call`, `mcp_approval_request`, ..."""
    role: str = ""
    name: str = ""
    call_id: str = ""
    arguments: str = ""
    """JSON text, as the model wrote it."""
    status: str = ""
    """`completed` or `incomplete`, where the server says it."""
    output: str = ""
    """Result of an MCP tool."""
    server_label: str = ""
    """Label of the MCP server."""
    tools: tuple[dict[str, Any], ...] = ()
    """Tools of the MCP server: `name` and more."""
    error: ServerError | None = None
    """Reason for the failure of an MCP call."""


@received("conversation.item.added")
@received("conversation.item.created")
class ItemAdded(ServerEvent):
    """conversation.item.added, or conversation.item.created of the beta, which one server sends twice."""

    item: Item = field(default_factory=Item)


@received("conversation.item.done")
class ItemDone(ServerEvent):
    """conversation.item.done: the item is whole."""

    item: Item = field(default_factory=Item)


@dataclass(frozen=True, slots=True)
class Usage:
    """The usage of one response; None is what a server did not say, which is not 0."""

    total_tokens: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    input_text_tokens: int | None = wire("input_token_details.text_tokens", None)
    input_audio_tokens: int | None = wire("input_token_details.audio_tokens", None)
    input_image_tokens: int | None = wire("input_token_details.image_tokens", None)
    cached_tokens: int | None = wire("input_token_details.cached_tokens", None)
    """Part of the input tokens that came from the cache."""
    cached_text_tokens: int | None = wire("input_token_details.cached_tokens_details.text_tokens", None)
    cached_audio_tokens: int | None = wire("input_token_details.cached_tokens_details.audio_tokens", None)
    cached_image_tokens: int | None = wire("input_token_details.cached_tokens_details.image_tokens", None)
    output_text_tokens: int | None = wire("output_token_details.text_tokens", None)
    output_audio_tokens: int | None = wire("output_token_details.audio_tokens", None)


@dataclass(frozen=True, slots=True)
class TranscriptUsage:
    """The usage of one transcription of the user's speech: by tokens or by seconds."""

    type: str = ""
    """`tokens` or `duration`."""
    seconds: float | None = None
    total_tokens: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    input_text_tokens: int | None = wire("input_token_details.text_tokens", None)
    input_audio_tokens: int | None = wire("input_token_details.audio_tokens", None)


@received("response.created")
class ResponseCreated(ServerEvent):
    """response.created."""

    response_id: str = wire("response.id", "")


@received("response.done")
class ResponseDone(ServerEvent):
    """response.done: generated, which is not heard."""

    response_id: str = wire("response.id", "")
    status: str = wire("response.status", "")
    """`completed`, `cancelled`, `failed` or `incomplete`."""
    details: StatusDetails = wire("response.status_details", StatusDetails())
    usage: Usage | None = wire("response.usage", None)
    output: tuple[Item, ...] = wire("response.output", ())


@received("response.output_item.added")
class OutputItemAdded(ServerEvent):
    """response.output_item.added."""

    response_id: str = ""
    item: Item = field(default_factory=Item)


@received("response.output_item.done")
class OutputItemDone(ServerEvent):
    """response.output_item.done: the one event in which a call's name and arguments are always whole."""

    response_id: str = ""
    item: Item = field(default_factory=Item)


@received("response.function_call_arguments.done")
class ArgumentsDone(ServerEvent):
    """response.function_call_arguments.done: sent also for a call that was cut, and by some servers alone."""

    response_id: str = ""
    call_id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class OfContentPart(ServerEvent):
    """An event about one part of an answer's message."""

    response_id: str = ""
    item_id: str = ""
    content_index: int = 0


@received("response.output_audio.delta")
class AudioDelta(OfContentPart):
    """response.output_audio.delta: PCM16 little-endian mono at the wire rate; the length may be odd."""

    audio: bytes = wire("delta", b"", shown=False, needed=True)


@received("response.output_audio.done")
class AudioDone(OfContentPart):
    """response.output_audio.done: no more audio of this part."""


@received("response.output_text.delta")
@received("response.output_audio_transcript.delta", spoken=True)
class TextDelta(OfContentPart):
    """response.output_text.delta, or response.output_audio_transcript.delta if `spoken`."""

    text: str = wire("delta", "")
    spoken: bool = wire("", default=False)


@received("response.output_text.done")
@received("response.output_audio_transcript.done", spoken=True, text=At("transcript"))
class TextDone(OfContentPart):
    """response.output_text.done, or response.output_audio_transcript.done if `spoken`."""

    text: str = ""
    spoken: bool = wire("", default=False)


@received("mcp_list_tools.in_progress", status="in_progress")
@received("mcp_list_tools.completed", status="completed")
@received("mcp_list_tools.failed", status="failed")
class McpListing(ServerEvent):
    """mcp_list_tools.in_progress, .completed and .failed: the service asks an MCP server what it offers."""

    item_id: str = ""
    status: str = ""


@received("response.mcp_call.in_progress", status="in_progress")
@received("response.mcp_call.completed", status="completed")
@received("response.mcp_call.failed", status="failed")
class McpCall(ServerEvent):
    """response.mcp_call.in_progress, .completed and .failed; the item that is done says how it went."""

    item_id: str = ""
    status: str = ""
