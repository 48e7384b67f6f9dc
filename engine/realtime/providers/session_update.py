"""Settings of a session: the `session.update` of a provider, its voice, its instructions and its tools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.config_tables import Interrupter, RemoteMcp, TurnOptions
from engine.realtime.providers.choose import ChosenProvider, Provider
from engine.realtime.providers.turn_detection import TurnDetection, apply_options
from engine.realtime.tools.tool import Tool


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """The settings of one session; None takes the provider's own.

    Example:
        >>> from engine.config import Config
        >>> from engine.realtime.providers.choose import choose_provider
        >>> chosen = choose_provider("local", None, {}, Config())
        >>> SessionSettings(voice="en").to_json(chosen)["audio"]["output"]["voice"]
        'en'
    """

    voice: str | None = None
    instructions: str | None = None
    tools: Sequence[Tool] = ()
    remote_mcp: Mapping[str, RemoteMcp] = field(default_factory=dict)
    """MCP servers that the service calls itself, by their labels."""
    turns: TurnOptions = field(default_factory=TurnOptions)
    listens: bool = True
    """False for a conversation in writing: nothing of the microphone is sent."""
    history: Sequence[Any] = ()
    """Entries of an earlier conversation that this one goes on with."""
    idle_timeout_s: float | None = None
    """The session ends when nobody has spoken for so long."""
    barge_in: Interrupter = Interrupter.BOTH
    duck_ms: float = 700.0
    """Time after a voice until an answer that it turned down returns, unless the server confirms it."""

    def turn_detection(self, provider: Provider) -> TurnDetection:
        """Return the turn detection of this session.

        Raises:
            InvalidInputError: the provider does not offer what is wanted.
        """
        return apply_options(
            self.turns,
            provider.turn_detection,
            service=provider.title,
            modes=provider.turn_modes,
            vad_fields=provider.vad_fields,
        )

    def to_json(self, chosen: ChosenProvider) -> dict[str, Any]:
        """Return the `session` object of the session.update event.

        Raises:
            InvalidInputError: the provider does not offer what is wanted.
        """
        provider = chosen.provider
        input_format: dict[str, Any] = {"type": "audio/pcm", "rate": provider.input_rate_hz}
        if provider.declares_channels:
            input_format["channels"] = 1
        audio_input: dict[str, Any] = {
            "format": input_format,
            "turn_detection": self.turn_detection(provider).to_json(),
        }
        if provider.transcription_model:
            audio_input["transcription"] = {"model": provider.transcription_model}
        audio_output: dict[str, Any] = {"format": {"type": "audio/pcm", "rate": provider.output_rate_hz}}
        voice = provider.voice if self.voice is None else self.voice
        if voice:
            audio_output["voice"] = voice
        return self.tools_to_json(chosen, self.tools) | {
            "instructions": provider.instructions if self.instructions is None else self.instructions,
            "output_modalities": list(provider.output_modalities),
            "audio": {"input": audio_input, "output": audio_output},
        }

    def tools_to_json(self, chosen: ChosenProvider, tools: Sequence[Tool]) -> dict[str, Any]:
        """Return what a session.update says when nothing but the tools changes: what is left out stays as it is."""
        kind = {"type": chosen.provider.session_type} if chosen.provider.session_type else {}
        ours, theirs = [tool.to_json() for tool in tools], [tool.to_json() for tool in chosen.server_tools]
        servers = [server.to_json(label) for label, server in self.remote_mcp.items()]
        return kind | {"tools": [*ours, *theirs, *servers]}
