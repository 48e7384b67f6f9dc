"""The built-in tools: the weather, invented as in the Yandex tutorial or real; the time; the conversation's end."""

from __future__ import annotations

import hashlib
import random
import re
from dataclasses import replace
from typing import Any

from engine.config_tables import Offer
from engine.realtime.providers.catalog import Provider
from engine.realtime.tools import weather as open_meteo
from engine.realtime.tools import world_time
from engine.realtime.tools.tool import Tool, tool_of
from engine.realtime.tools.weather import OpenMeteo

DEFAULT_CITY = "Москва"
_WEATHER = (
    (range(-5, 33), ("clear", "ясно"), ("Sunglasses will be of use.", "Пригодятся тёмные очки.")),
    (range(-10, 25), ("cloudy", "облачно"), ("It will stay dry.", "Осадков не будет.")),
    (range(3, 22), ("rain", "дождь"), ("Take an umbrella with you.", "Захватите с собой зонт.")),
    (range(-10, 2), ("snow", "снег"), ("Put on warm shoes.", "Наденьте тёплую обувь.")),
    (range(15, 33), ("thunderstorm", "гроза"), ("It is better to stay indoors.", "Лучше остаться дома.")),
    (range(-3, 15), ("fog", "туман"), ("Drive slowly.", "За рулём не торопитесь.")),
)
"""Temperatures at which there is such weather, its name and the advice for it, in English and in Russian."""
_INVENTED = ("This weather is invented.", "Эта погода придумана.")
_CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)


def get_weather(city: str = "") -> dict[str, Any]:
    """Invent the weather of a city, and say so, with the fields of the tutorial, in the language of the city's name.

    The tutorial seeds with `hash`, which Python salts anew in every process; a digest gives each city its weather
    for good.

    Example:
        >>> get_weather("Paris") == get_weather(" Paris ")
        True
    """
    city = city.strip() or DEFAULT_CITY
    seed = hashlib.sha256(city.casefold().encode()).digest()
    language = 1 if _CYRILLIC.search(city) else 0
    dice = random.Random(int.from_bytes(seed[:8], "big"))
    temperatures_c, condition, advice = dice.choice(_WEATHER)
    return {
        "city": city,
        "temperature_c": dice.choice(temperatures_c),
        "condition": condition[language],
        "wind_m_s": round(dice.uniform(0.5, 10.0), 1),
        "advice": advice[language],
        "note": _INVENTED[language],
    }


def _city(arguments: dict[str, Any]) -> dict[str, Any]:
    """Whatever else the tutorial's model gives is of no interest."""
    return {"city": str(arguments.get("city") or "")}


GET_WEATHER = Tool(
    name="get_weather",
    description="Tell the present weather of a city in brief.",
    # The tutorial's schema: it asks for the city, and a model that leaves it out means Moscow.
    parameters={
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    function=get_weather,
    check=_city,
)

_REAL_WEATHER_TIMEOUT_S = open_meteo.TIMEOUT_S + 1.0


def _end_conversation() -> str:
    return "The conversation ends when you have said goodbye. Say it now, in one short sentence, unless you just did."


GET_TIME = tool_of(world_time.get_time)
END_CONVERSATION = Tool(
    name="end_conversation",
    description="End the conversation. Call it when the user says goodbye or wants to stop talking.",
    parameters={"type": "object", "properties": {}, "additionalProperties": False},
    function=_end_conversation,
    # What a model gives to a function without parameters is of no interest.
    check=lambda _: {},
    ends_conversation=True,
)

BUILT_IN: dict[str, Tool] = {tool.name: tool for tool in (GET_WEATHER, GET_TIME, END_CONVERSATION)}


def built_in_tool(name: str, offer: Offer) -> Tool:
    """One of `BUILT_IN`; the weather is invented or real, as the configuration says."""
    if name == GET_WEATHER.name and offer.weather == "open-meteo":
        real = OpenMeteo(offer.open_meteo)
        return replace(GET_WEATHER, function=real.get_weather, timeout_s=_REAL_WEATHER_TIMEOUT_S)
    return BUILT_IN[name]


def built_in_tools(provider: Provider, offer: Offer | None = None) -> list[Tool]:
    """The built-in tools that a provider's sessions offer."""
    return [built_in_tool(name, offer or Offer()) for name in provider.tools]
