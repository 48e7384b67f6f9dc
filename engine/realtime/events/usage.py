"""What a response or a transcription cost the service, as its events tell: tokens by kind, or seconds."""

from __future__ import annotations

from dataclasses import dataclass

from engine.realtime.events.base import wire


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
    """Of the input, and counted in it."""
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
