"""Events that carry an answer: its audio, its text, and on WebRTC and SIP the server's own playback."""

from __future__ import annotations

from dataclasses import dataclass

from engine.realtime.events.base import At, ServerEvent, received, wire


@received("response.output_audio.delta")
@dataclass(frozen=True, slots=True)
class AudioDelta(ServerEvent):
    """response.output_audio.delta: PCM16 little-endian mono at the wire rate; the length may be odd."""

    response_id: str = ""
    item_id: str = ""
    content_index: int = 0
    audio: bytes = wire("delta", b"", shown=False)
    output_index: int = 0


@received("response.output_audio.done")
@dataclass(frozen=True, slots=True)
class AudioDone(ServerEvent):
    """response.output_audio.done: no more audio of this part."""

    response_id: str = ""
    item_id: str = ""
    content_index: int = 0
    output_index: int = 0


@received("response.output_text.delta")
@received("response.output_audio_transcript.delta", spoken=True)
@dataclass(frozen=True, slots=True)
class TextDelta(ServerEvent):
    """response.output_text.delta, or response.output_audio_transcript.delta if `spoken`."""

    response_id: str = ""
    item_id: str = ""
    content_index: int = 0
    text: str = wire("delta", "")
    output_index: int = 0
    spoken: bool = wire("", default=False)


@received("response.output_text.done")
@received("response.output_audio_transcript.done", spoken=True, text=At("transcript"))
@dataclass(frozen=True, slots=True)
class TextDone(ServerEvent):
    """response.output_text.done, or response.output_audio_transcript.done if `spoken`."""

    response_id: str = ""
    item_id: str = ""
    content_index: int = 0
    text: str = ""
    output_index: int = 0
    spoken: bool = wire("", default=False)
