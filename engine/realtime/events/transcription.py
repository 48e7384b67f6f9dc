"""Events of the transcription of what the user said; it runs beside the model, which hears the audio itself."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.realtime.events.base import ServerError, ServerEvent, received, wire
from engine.realtime.events.usage import TranscriptUsage

_NAME = "conversation.item.input_audio_transcription"


@dataclass(frozen=True, slots=True)
class TokenProbability:
    """How sure the transcription is of one token."""

    token: str = ""
    logprob: float = 0.0
    bytes: tuple[int, ...] = ()
    """The token's UTF-8, for tokens that are parts of a character."""


@dataclass(frozen=True, slots=True)
class Language:
    """A language that was heard."""

    code: str = ""


@received(f"{_NAME}.completed")
@dataclass(frozen=True, slots=True)
class TranscriptCompleted(ServerEvent):
    """conversation.item.input_audio_transcription.completed: what the user said."""

    item_id: str = ""
    text: str = wire("transcript", "")
    content_index: int = 0
    usage: TranscriptUsage | None = None
    languages: tuple[Language, ...] = ()
    logprobs: tuple[TokenProbability, ...] = ()


@received(f"{_NAME}.failed")
@dataclass(frozen=True, slots=True)
class TranscriptFailed(ServerEvent):
    """conversation.item.input_audio_transcription.failed."""

    item_id: str = ""
    error: ServerError = field(default_factory=ServerError)
    content_index: int = 0
