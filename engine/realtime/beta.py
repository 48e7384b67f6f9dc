"""What servers that still speak the beta of the protocol call things, in the terms of today."""

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

GA_PARTS = {"text": "output_text", "audio": "output_audio"}
"""Types of an assistant's content parts; the GA's own content_part events still use the short ones."""

_GA_PLACES = {
    "modalities": ("output_modalities",),
    "input_audio_format": ("audio", "input", "format"),
    "output_audio_format": ("audio", "output", "format"),
    "voice": ("audio", "output", "voice"),
    "speed": ("audio", "output", "speed"),
    "turn_detection": ("audio", "input", "turn_detection"),
    "input_audio_transcription": ("audio", "input", "transcription"),
    "input_audio_noise_reduction": ("audio", "input", "noise_reduction"),
    "max_response_output_tokens": ("max_output_tokens",),
}
_GA_FORMATS: dict[str, dict[str, Any]] = {
    "pcm16": {"type": "audio/pcm", "rate": 24000},
    "g711_ulaw": {"type": "audio/pcmu"},
    "g711_alaw": {"type": "audio/pcma"},
}


def in_ga_terms(message: dict[str, Any]) -> dict[str, Any]:
    """Return a session event with what the beta kept flat in `session` at its GA places; the original is left alone.

    Example:
        >>> in_ga_terms({"session": {"output_audio_format": "pcm16"}})
        {'session': {'audio': {'output': {'format': {'type': 'audio/pcm', 'rate': 24000}}}}}
    """
    session = message.get("session")
    if not isinstance(session, dict) or not _GA_PLACES.keys() & session.keys():
        return message
    moved = {name: value for name, value in session.items() if name not in _GA_PLACES}
    for name, place in _GA_PLACES.items():
        if name in session:
            value = session[name]
            _put(moved, place, _GA_FORMATS.get(value, value) if isinstance(value, str) else value)
    return {**message, "session": moved}


def _put(session: dict[str, Any], place: tuple[str, ...], value: Any) -> None:
    """Set what has not been set at its new place; a holder of the wrong type is left for the decoder to refuse."""
    holder: Any = session
    for name in place[:-1]:
        inner = holder.get(name)
        if inner is not None and not isinstance(inner, dict):
            return
        holder[name] = dict(inner or {})
        holder = holder[name]
    holder.setdefault(place[-1], value)
