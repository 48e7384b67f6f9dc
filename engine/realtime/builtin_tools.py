"""The tools every session offers: the weather of the Yandex tutorial, invented but the same in every run."""

from __future__ import annotations

import hashlib
import random
from typing import Any

from engine.realtime.services import Provider
from engine.realtime.tools import Tool

DEFAULT_CITY = "Москва"
_CONDITIONS = ("ясно", "облачно", "дождь", "снег", "гроза", "туман")
_ADVICE = (
    "Возьми легкую куртку.",
    "Зонт пригодится.",
    "Пей воду и избегай солнца.",
    "На дорогах скользко — будь аккуратнее.",
    "Ветрено, капюшон не помешает.",
)


def get_weather(city: str = "") -> dict[str, Any]:
    """Invent the weather of a city, with the fields of the tutorial.

    The tutorial seeds with `hash`, which Python salts anew in every process; a digest gives each city its weather
    for good.

    Example:
        >>> get_weather("Paris") == get_weather(" paris ")
        True
    """
    city = city.strip() or DEFAULT_CITY
    seed = hashlib.sha256(city.casefold().encode()).digest()
    dice = random.Random(int.from_bytes(seed[:8], "big"))
    return {
        "city": city,
        "temperature_c": dice.randint(-10, 35),
        "condition": dice.choice(_CONDITIONS),
        "wind_m_s": round(dice.uniform(0.5, 10.0), 1),
        "advice": dice.choice(_ADVICE),
    }


def _city(arguments: dict[str, Any]) -> dict[str, Any]:
    """Whatever else the tutorial's model gives is of no interest."""
    return {"city": str(arguments.get("city") or "")}


GET_WEATHER = Tool(
    name="get_weather",
    description="Получить краткую сводку погоды по городу.",
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

BUILT_IN: dict[str, Tool] = {GET_WEATHER.name: GET_WEATHER}


def built_in_tools(provider: Provider) -> list[Tool]:
    """The built-in tools that a provider's sessions offer."""
    return [BUILT_IN[name] for name in provider.tools]
