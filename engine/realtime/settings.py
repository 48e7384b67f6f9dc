"""What a session asks of the server: the `session.update` of a provider, its voice, its instructions and its tools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.realtime.providers import ChosenProvider
from engine.realtime.tools import Tool


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """The settings of one session; None takes the provider's own.

    Example:
        >>> SessionSettings(voice="alena").to_json(chosen)["audio"]["output"]["voice"]
        'alena'
    """

    voice: str | None = None
    instructions: str | None = None
    tools: Sequence[Tool] = ()

    def to_json(self, chosen: ChosenProvider) -> dict[str, Any]:
        """Return the `session` object of the session.update event."""
        provider = chosen.provider
        input_format: dict[str, Any] = {"type": "audio/pcm", "rate": provider.input_rate_hz}
        if provider.declares_channels:
            input_format["channels"] = 1
        audio_input: dict[str, Any] = {
            "format": input_format,
            "turn_detection": provider.turn_detection.to_json(),
        }
        if provider.transcription_model:
            audio_input["transcription"] = {"model": provider.transcription_model}
        audio_output: dict[str, Any] = {"format": {"type": "audio/pcm", "rate": provider.output_rate_hz}}
        voice = provider.voice if self.voice is None else self.voice
        if voice:
            audio_output["voice"] = voice
        session: dict[str, Any] = {"type": provider.session_type} if provider.session_type else {}
        session |= {
            "instructions": provider.instructions if self.instructions is None else self.instructions,
            "output_modalities": list(provider.output_modalities),
            "audio": {"input": audio_input, "output": audio_output},
            "tools": [tool.to_json() for tool in self.tools] + [tool.to_json() for tool in chosen.server_tools],
        }
        return session
