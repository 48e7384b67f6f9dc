"""A tools module whose weather is a long story: an answer of 48 s to a question that is well understood."""

from __future__ import annotations

import engine as voice
from engine.local.answering.story import ENGLISH


@voice.tool
def get_weather(city: str) -> str:
    """Tell the weather of a city.

    Args:
        city: Its name.
    """
    return f"In {city} they say: {ENGLISH}"


TOOLS = [get_weather]
