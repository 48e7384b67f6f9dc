"""Events of the input audio buffer: what the server hears of the user."""

from __future__ import annotations

from dataclasses import dataclass

from engine.realtime.events.base import ServerEvent, received


@received("input_audio_buffer.speech_started")
@dataclass(frozen=True, slots=True)
class SpeechStarted(ServerEvent):
    """input_audio_buffer.speech_started: the user began to speak."""

    item_id: str = ""
    audio_start_ms: int = 0


@received("input_audio_buffer.speech_stopped")
@dataclass(frozen=True, slots=True)
class SpeechStopped(ServerEvent):
    """input_audio_buffer.speech_stopped: the user has ended speaking, a silence ago."""

    item_id: str = ""
    audio_end_ms: int = 0


@received("input_audio_buffer.committed")
@dataclass(frozen=True, slots=True)
class Committed(ServerEvent):
    """input_audio_buffer.committed: the user's turn became an item."""

    item_id: str = ""
    previous_item_id: str = ""


@received("input_audio_buffer.cleared")
@dataclass(frozen=True, slots=True)
class Cleared(ServerEvent):
    """input_audio_buffer.cleared: what the microphone had sent is forgotten."""


@received("input_audio_buffer.timeout_triggered")
@dataclass(frozen=True, slots=True)
class TimeoutTriggered(ServerEvent):
    """input_audio_buffer.timeout_triggered: silent for `idle_timeout_ms`, so the model will speak."""

    item_id: str = ""
    audio_start_ms: int = 0
    audio_end_ms: int = 0
