"""Usage of a response: tokens by a rule close to OpenAI's, so that totals and prices can be tried offline.

Text is one token for four characters, begun ones whole; the user's audio one for 100 ms, the agent's one for 50 ms.
The input of a response is its instructions, its tools and every item of its context. What the response before it was
given, and what that one answered, is cached, in whole blocks of 64 tokens.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

_Object = dict[str, Any]
_TEXT_CHARACTERS = 4
USER_TOKEN_MS, AGENT_TOKEN_MS = 100, 50
_CACHED_BLOCK = 64
RATE_LIMITS = [
    {"name": name, "limit": limit, "remaining": limit, "reset_seconds": 0.0}
    for name, limit in (("requests", 10_000), ("tokens", 1_000_000))
]
"""Never used up: nothing is limited here, and a client is told so as the real services tell it."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """A number of tokens of either kind."""

    text: int = 0
    audio: int = 0

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(self.text + other.text, self.audio + other.audio)

    @property
    def total(self) -> int:
        """Tokens of both kinds."""
        return self.text + self.audio

    def as_json(self) -> _Object:
        """The protocol's details."""
        return {"text_tokens": self.text, "audio_tokens": self.audio}


def text_tokens(text: str) -> int:
    """Return the tokens of a text."""
    return math.ceil(len(text) / _TEXT_CHARACTERS)


def tokens_of_prompt(instructions: str, tools: list[_Object]) -> Tokens:
    """Return what stands before the conversation."""
    return Tokens(text_tokens(instructions) + (text_tokens(json.dumps(tools)) if tools else 0))


def tokens_of_item(item: _Object, audio_ms: int) -> Tokens:
    """Return what an item is worth as input, of which so much was heard or spoken."""
    texts = [str(item.get(name) or "") for name in ("name", "arguments", "output")]
    sounds = 0
    for part in item.get("content") or ():
        if part["type"] in ("input_audio", "output_audio") and audio_ms:
            sounds = math.ceil(audio_ms / (AGENT_TOKEN_MS if item.get("role") == "assistant" else USER_TOKEN_MS))
        else:
            texts.append(str(part.get("text") or part.get("transcript") or ""))
    return Tokens(sum(map(text_tokens, texts)), sounds)


def cached_part(given: Tokens, known: Tokens) -> Tokens:
    """Return how much of the input a service would have kept from the response before."""
    common = Tokens(min(given.text, known.text), min(given.audio, known.audio))
    kept = common.total // _CACHED_BLOCK * _CACHED_BLOCK
    text = min(common.text, kept)
    return Tokens(text, kept - text)


def usage_of_response(given: Tokens, cached: Tokens, made: Tokens) -> _Object:
    """Return the `usage` of a response.done."""
    return {
        "total_tokens": given.total + made.total,
        "input_tokens": given.total,
        "output_tokens": made.total,
        "input_token_details": {
            **given.as_json(),
            "image_tokens": 0,
            "cached_tokens": cached.total,
            "cached_tokens_details": {**cached.as_json(), "image_tokens": 0},
        },
        "output_token_details": made.as_json(),
    }


def usage_of_transcription(model: str, heard_ms: int, text: str) -> _Object:
    """Return the usage of a transcript: by tokens for the models that are priced so, else by duration.

    Args:
        model: Name of the transcribing model.
        heard_ms: Length of the audio.
        text: The transcript.
    """
    if not model.startswith("gpt-4o-"):
        return {"type": "duration", "seconds": heard_ms / 1000}
    heard, written = Tokens(audio=math.ceil(heard_ms / USER_TOKEN_MS)), text_tokens(text)
    return {
        "type": "tokens",
        "total_tokens": heard.total + written,
        "input_tokens": heard.total,
        "output_tokens": written,
        "input_token_details": heard.as_json(),
    }
