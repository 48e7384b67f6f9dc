"""Turns what a tool returned into a sentence, whatever its JSON looks like."""

from __future__ import annotations

import json
import re
from typing import Any

from engine.local.numbers import say_number
from engine.local.speech import language_of

_MOST_WORDS = 120
"""A longer result is cut: nobody listens to a table."""
_UNITS = {
    "_c": ("degrees", "градусов"),
    "_m_s": ("metres per second", "метров в секунду"),
    "_km_h": ("kilometres per hour", "километров в час"),
    "_percent": ("percent", "процентов"),
    "_mm": ("millimetres", "миллиметров"),
    "_hpa": ("hectopascals", "гектопаскалей"),
}
_RUSSIAN_NAMES = {"temperature": "температура", "wind": "ветер", "humidity": "влажность", "error": "ошибка"}
_VALUE_ONLY = frozenset({"city", "condition", "advice", "text", "result", "message", "summary", "sky"})


def tell(output: str) -> str:
    """Return a sentence that says everything a tool returned.

    Args:
        output: JSON of any shape, or plain text.

    Example:
        >>> tell('{"city": "Moscow", "temperature_c": 12, "condition": "cloudy", "wind_m_s": 3.0}')
        'Moscow, temperature 12 degrees, cloudy, wind 3 metres per second.'
        >>> tell('[1, [2.5, null]]'), tell("done")
        ('1, 2.5, nothing.', 'done.')
    """
    try:
        value = json.loads(output)
    except (ValueError, RecursionError):
        value = output
    russian = language_of(output) == "ru" or language_of(json.dumps(value, ensure_ascii=False)) == "ru"
    words = ", ".join(_phrases(value, russian)).split() or (["пусто"] if russian else ["nothing"])
    sentence = " ".join(words[:_MOST_WORDS]).rstrip(" .,!")
    return f"{sentence}."


def _phrases(value: Any, russian: bool, name: str = "") -> list[str]:
    """The leaves of a JSON value, each with its name."""
    if isinstance(value, dict):
        return [phrase for key, entry in value.items() for phrase in _phrases(entry, russian, str(key))]
    if isinstance(value, list):
        phrases = [phrase for entry in value for phrase in _phrases(entry, russian)]
        return [f"{_spoken_name(name, russian)}: {phrases[0]}", *phrases[1:]] if name and phrases else phrases
    return [_phrase(value, russian, name)]


def _phrase(value: Any, russian: bool, name: str) -> str:
    unit = next((unit for unit in _UNITS if name.lower().endswith(unit)), "")
    spoken = _spoken_value(value, russian)
    if unit:
        spoken = f"{spoken} {_UNITS[unit][russian]}"
    bare = name[: len(name) - len(unit)]
    if not bare or bare.lower() in _VALUE_ONLY:
        return spoken.strip().rstrip(".")
    return f"{_spoken_name(bare, russian)} {spoken}".strip().rstrip(".")


def _spoken_value(value: Any, russian: bool) -> str:
    if value is None:
        return "нет" if russian else "nothing"
    if isinstance(value, bool):
        return ("да" if value else "нет") if russian else ("yes" if value else "no")
    if isinstance(value, int | float):
        number = say_number(value)
        return number.replace("-", "минус " if russian else "minus ", 1)
    return str(value)


def _spoken_name(name: str, russian: bool) -> str:
    words = re.sub(r"([a-z])([A-Z])", r"\1 \2", name).replace("_", " ").replace("-", " ").lower().strip()
    return _RUSSIAN_NAMES.get(words, words) if russian else words
