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

_GA_PLACES = {"output_audio_format": ("output", "format"), "turn_detection": ("input", "turn_detection")}
"""Places below `audio` in the GA of settings that the beta keeps directly in the session."""
_RATES_HZ = {"pcm16": 24000}


def in_ga_terms(message: dict[str, Any]) -> dict[str, Any]:
    """Return a session event with the beta's settings at their GA places too, unless something stands there.

    What is of a wrong type is left for the decoder to refuse.

    Example:
        >>> in_ga_terms({"session": {"output_audio_format": "pcm16"}})["session"]["audio"]
        {'output': {'format': {'rate': 24000}}}
    """
    session = message.get("session")
    if not isinstance(session, dict):
        return message
    audio = session.get("audio") or {}
    for name, (side, setting) in _GA_PLACES.items():
        if name in session and isinstance(audio, dict) and isinstance(inner := audio.get(side) or {}, dict):
            value = session[name]
            value = {"rate": _RATES_HZ.get(value)} if isinstance(value, str) else value
            audio = {**audio, side: {setting: value, **inner}}
    return {**message, "session": {**session, "audio": audio}}
