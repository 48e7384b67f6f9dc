"""Turns what a tool returned into a sentence, whatever its JSON looks like."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from engine.local.answering.numbers import counted, say_number
from engine.local.answering.speech import language_of

_MOST_WORDS = 120
_MOST_CHARACTERS = 1000
"""A longer result is cut at either: nobody listens to a table, and the voice is one for all sessions."""
_Forms = tuple[str, str, str]
_UNITS: dict[str, tuple[_Forms, _Forms]] = {
    "_c": (("degree", "degrees", "degrees"), ("градус", "градуса", "градусов")),
    "_m_s": (
        ("metre per second", "metres per second", "metres per second"),
        ("метр в секунду", "метра в секунду", "метров в секунду"),
    ),
    "_km_h": (
        ("kilometre per hour", "kilometres per hour", "kilometres per hour"),
        ("километр в час", "километра в час", "километров в час"),
    ),
    "_percent": (("percent", "percent", "percent"), ("процент", "процента", "процентов")),
    "_mm": (("millimetre", "millimetres", "millimetres"), ("миллиметр", "миллиметра", "миллиметров")),
    "_hpa": (("hectopascal", "hectopascals", "hectopascals"), ("гектопаскаль", "гектопаскаля", "гектопаскалей")),
}
"""Ending of a name, and its unit behind one, few and many: in English, in Russian."""
_RUSSIAN_NAMES = {"temperature": "температура", "wind": "ветер", "humidity": "влажность", "error": "ошибка"}
_VALUE_ONLY = frozenset({"city", "condition", "advice", "text", "result", "message", "note", "summary", "sky"})


def speak_json(output: str, language: str) -> str:
    """Return a sentence with every value that a tool returned.

    Args:
        output: JSON of any shape, or plain text.
        language: Language of the question, "en-us" or "ru"; a result with a Cyrillic letter is told in Russian anyway.

    Example:
        >>> speak_json('{"city": "Moscow", "temperature_c": 12, "condition": "cloudy", "wind_m_s": 3.0}', "en-us")
        'Moscow, temperature 12 degrees, cloudy, wind 3 metres per second.'
        >>> speak_json('{"sky": "fog", "advice": "Drive slowly.", "note": "It is late."}', "en-us")
        'fog. Drive slowly. It is late.'
        >>> speak_json('[1, [2.5, null]]', "en-us"), speak_json("done", "en-us")
        ('1, 2.5, nothing.', 'done.')
    """
    try:
        leaves = list(islice(_leaves(json.loads(output)), _MOST_WORDS))
    except (ValueError, RecursionError):
        leaves = [("", output)]
    if language_of(" ".join(f"{name} {value}" for name, value in leaves)) == "ru":
        language = "ru"
    words = _joined(leaves, language).split()
    sentence = " ".join(words[:_MOST_WORDS])[:_MOST_CHARACTERS].rstrip(" .,!")
    return f"{sentence or _nothing(language)}."


def _joined(leaves: list[tuple[str, Any]], language: str) -> str:
    """The values in one text, of which those that are sentences stay sentences."""
    text, was_sentence = "", False
    for name, value in leaves:
        phrase = _phrase(name, value, language)
        is_sentence = name.lower() in _VALUE_ONLY and str(value).rstrip().endswith((".", "!"))
        if phrase and text:
            text += ". " if is_sentence or was_sentence else ", "
        text += phrase[:1].upper() + phrase[1:] if was_sentence else phrase
        was_sentence = is_sentence if phrase else was_sentence
    return text


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """The values of JSON that hold no others, each with its name; of a list the first has the list's."""
    if isinstance(value, dict):
        for key, entry in value.items():
            yield from _leaves(entry, str(key))
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _leaves(entry, name if index == 0 else "")
    else:
        yield name, value


def _phrase(name: str, value: Any, language: str) -> str:
    spoken = _spoken_value(value, language)
    unit = next((unit for unit in _UNITS if name.lower().endswith(unit)), "")
    if unit and isinstance(value, int | float) and abs(value) < float("inf"):
        spoken = f"{spoken} {counted(value, _UNITS[unit][language == 'ru'])}"
        name = name[: -len(unit)]
    spoken = spoken.strip().rstrip(".")
    return spoken if name.lower() in _VALUE_ONLY else f"{_spoken_name(name, language)} {spoken}".strip()


def _nothing(language: str) -> str:
    return "пусто" if language == "ru" else "nothing"


def _spoken_value(value: Any, language: str) -> str:
    russian = language == "ru"
    if value is None:
        return _nothing(language)
    if isinstance(value, bool):
        return ("да" if value else "нет") if russian else ("yes" if value else "no")
    if isinstance(value, int | float):
        return say_number(value, language).replace("-", "минус " if russian else "minus ", 1)
    return str(value)


def _spoken_name(name: str, language: str) -> str:
    words = re.sub(r"([a-z])([A-Z])", r"\1 \2", name).replace("_", " ").replace("-", " ").lower().strip()
    return _RUSSIAN_NAMES.get(words, words) if language == "ru" else words
