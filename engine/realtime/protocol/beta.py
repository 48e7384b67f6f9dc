"""Names of the beta of the protocol, which some servers still speak, in the terms of today."""

from __future__ import annotations

from typing import Any

GA_NAMES = {
    "response.audio.delta": "response.output_audio.delta",
    "response.audio.done": "response.output_audio.done",
    "response.audio_transcript.delta": "response.output_audio_transcript.delta",
    "response.audio_transcript.done": "response.output_audio_transcript.done",
    "response.text.delta": "response.output_text.delta",
    "response.text.done": "response.output_text.done",
}
"""Events by their names in the beta; conversation.item.created is in the list of both."""

GA_PLACES: dict[str, tuple[str, ...]] = {
    "modalities": ("output_modalities",),
    "max_response_output_tokens": ("max_output_tokens",),
    "voice": ("audio", "output", "voice"),
    "speed": ("audio", "output", "speed"),
    "output_audio_format": ("audio", "output", "format"),
    "input_audio_format": ("audio", "input", "format"),
    "input_audio_transcription": ("audio", "input", "transcription"),
    "input_audio_noise_reduction": ("audio", "input", "noise_reduction"),
    "turn_detection": ("audio", "input", "turn_detection"),
}
"""Places in the GA of settings that the beta keeps directly in the session; its `temperature` is gone."""
_READ = ("input_audio_format", "output_audio_format", "turn_detection")
"""Settings of the beta that a client's decoder asks for."""
_FORMATS = {
    "pcm16": {"type": "audio/pcm", "rate": 24000},
    "g711_ulaw": {"type": "audio/pcmu"},
    "g711_alaw": {"type": "audio/pcma"},
}


def in_ga_terms(message: dict[str, Any]) -> dict[str, Any]:
    """Return a session event with the beta's settings at their GA places too, unless something stands there.

    A value of a wrong type is left for the decoder to pass over.

    Example:
        >>> in_ga_terms({"session": {"output_audio_format": "pcm16"}})["session"]["audio"]
        {'output': {'format': {'type': 'audio/pcm', 'rate': 24000}}}
    """
    session = message.get("session")
    if not isinstance(session, dict):
        return message
    audio = session.get("audio") or {}
    for name in _READ:
        _, side, setting = GA_PLACES[name]
        if name in session and isinstance(audio, dict) and isinstance(inner := audio.get(side) or {}, dict):
            value = session[name]
            value = _FORMATS.get(value) if isinstance(value, str) else value
            audio = {**audio, side: {setting: value, **inner}}
    return {**message, "session": {**session, "audio": audio}}
