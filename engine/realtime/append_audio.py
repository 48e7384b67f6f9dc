"""The one client event that is sent all the time, the microphone's audio, written by compiled code."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any, ClassVar

from engine.dsp.audio_events import append_frame
from engine.realtime.client_events import ClientEvent


@dataclass(frozen=True, slots=True, init=False)
class AppendAudio(ClientEvent):
    """input_audio_buffer.append: PCM16 little-endian mono at the wire rate."""

    type: ClassVar[str] = "input_audio_buffer.append"
    pcm16: bytes = field(repr=False)
    at_sample: int = field(default=0, compare=False)
    """Which sample of all that the microphone has heard its first is; for recordings, not sent."""

    def __init__(self, event_id: str, pcm16: bytes, at_sample: int = 0) -> None:
        """Set the fields by their slots: 0.26 us, where a frozen dataclass's own way takes 0.5."""
        _set_event_id(self, event_id)
        _set_pcm16(self, pcm16)
        _set_at_sample(self, at_sample)

    def fields(self) -> dict[str, Any]:
        """Return the audio as base64."""
        return {"audio": base64.b64encode(self.pcm16).decode("ascii")}

    def to_frame(self) -> bytes:
        """Return the frame without the way over objects and text: fifty times a second, 0.3 us instead of 6."""
        try:
            return append_frame(self.event_id, self.pcm16)
        except TypeError:
            return ClientEvent.to_frame(self)


_set_event_id = vars(ClientEvent)["event_id"].__set__
_set_pcm16, _set_at_sample = (vars(AppendAudio)[name].__set__ for name in ("pcm16", "at_sample"))
