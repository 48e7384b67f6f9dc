"""The rule-based mind of the embedded agent: what a person said in, what to say or which tool to call out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from engine.local.answering import story
from engine.local.answering.calls import Call, Tools, named_call
from engine.local.answering.cities import find_city
from engine.local.answering.numbers import parse_number, say_number
from engine.local.answering.speech import language_of

WEATHER_TOOL = "get_weather"
END_TOOL = "end_conversation"
_MOST_CHARACTERS = 500
"""A longer question is cut: the patterns' time grows with the square of its length."""
_MOST_LINES = 50


@dataclass(frozen=True, slots=True)
class Say:
    """Answer in words."""

    text: str


def think(text: str, tools: Tools, now: datetime) -> Say | Call:
    """Return the answer to one turn of the user.

    Args:
        text: The words that were said or typed, English or Russian.
        tools: The functions that the client offers.
        now: The wall clock, for the time of day.

    Example:
        >>> think("what is seven times eight", {}, datetime.now())
        Say(text='Seven times eight is 56.')
    """
    said = re.sub(r"[^\w\s.+*/×÷,-]", " ", text[:_MOST_CHARACTERS].lower().replace("ё", "е")).strip()
    if not re.search(r"\w", said):
        return Say("Sorry, I did not catch that.")
    if (named := named_call(text[:_MOST_CHARACTERS], tools)) is not None:
        return Say(named) if isinstance(named, str) else named
    for rule in (_weather, _story, _arithmetic, _farewell):
        if (answer := rule(said, tools)) is not None:
            return answer
    return _small_talk(said, now)


def anything_else(text: str) -> Say:
    """Return what to say when asked to go on after an answer to this text."""
    return _in_language(text.lower(), "Is there anything else I can do?", "Чем ещё помочь?")


_TO_SAY = re.compile(
    r"^\W*(?:please )?(?:say|repeat|скажи|повтори)\b[^:\"«]*[:\"«]\s*\"?(.+?)[\"»]?\s*$", re.IGNORECASE
)


def obey(instructions: str) -> Say | None:
    """Return the words that a response's own instructions dictate; None where they dictate none.

    Example:
        >>> obey("Say exactly: Good morning.")
        Say(text='Good morning.')
    """
    # The last line counts: frameworks put their own in front of what is asked for.
    lines = (line[:_MOST_CHARACTERS] for line in reversed(instructions.splitlines()[-_MOST_LINES:]))
    match = next(filter(None, map(_TO_SAY.match, lines)), None)
    return Say(match[1]) if match else None


def _in_language(said: str, english: str, russian: str) -> Say:
    return Say(russian if language_of(said) == "ru" else english)


def _weather(said: str, tools: Tools) -> Say | Call | None:
    if not re.search(r"\b(weather|погод\w*)\b", said):
        return None
    city = find_city(said)
    if city is None:
        return _in_language(said, "Which city do you mean?", "О каком городе идёт речь?")
    if WEATHER_TOOL not in tools:
        return _in_language(
            said, f"I have no way to look up the weather in {city}.", f"Мне нечем узнать погоду: {city}."
        )
    return Call(WEATHER_TOOL, {"city": city})


def _story(said: str, _tools: Tools) -> Say | None:
    if not re.search(r"\b(story|tale|истори[юя]|сказк[уа])\b", said):
        return None
    return _in_language(said, story.ENGLISH, story.RUSSIAN)


_OPERATORS: tuple[tuple[str, Callable[[Fraction, Fraction], Fraction]], ...] = (
    (r"plus|\+|плюс|прибавить", lambda a, b: a + b),
    (r"minus|-|минус|отнять|вычесть", lambda a, b: a - b),
    (r"times|multiplied by|\*|×|x|х|умножить на|умножь на|умноженное на", lambda a, b: a * b),
    (r"divided by|over|/|÷|(?:раз|по)?делить на|деленное на", lambda a, b: a / b),
)
_BETWEEN_DIGITS = re.compile(r"(?<=[0-9])\s*([-+*/×÷xх])\s*(?=[-+]?[0-9])")
_QUESTION = re.compile(r"^.*?\b(?:what is|what\W?s|how much is|calculate|сколько будет|посчитай)\b")


def _arithmetic(said: str, _tools: Tools) -> Say | None:
    sum_ = _BETWEEN_DIGITS.sub(r" \1 ", _QUESTION.sub("", said)).strip(" .,")
    for operator, compute in _OPERATORS:
        match = re.fullmatch(rf"(.+?)\s*(?<!\w)({operator})(?!\w)\s*(.+)", sum_)
        if match is None:
            continue
        left, right = parse_number(match[1]), parse_number(match[3])
        if left is None or right is None:
            continue
        try:
            result = say_number(compute(left, right), language_of(said))
        except ZeroDivisionError:
            return _in_language(said, "Nobody can divide by zero.", "На ноль делить нельзя.")
        return _in_language(said, f"{sum_.capitalize()} is {result}.", f"{sum_.capitalize()} будет {result}.")
    return None


def goodbye(text: str) -> Say:
    """Return the last words, after a call of `END_TOOL`: what that tool says is for a model, not for the user."""
    return _in_language(text.lower(), "Goodbye!", "До свидания!")


_GOODBYE = r"goodbye|bye|до свидания|пока"


def _farewell(said: str, tools: Tools) -> Call | None:
    return Call(END_TOOL) if END_TOOL in tools and re.search(rf"\b(?:{_GOODBYE})\b", said) else None


_SMALL_TALK: tuple[tuple[str, str, str], ...] = (
    (r"time|который час|сколько времени|время", "It is {now:%H:%M}.", "Сейчас {now:%H:%M}."),
    (_GOODBYE, "Goodbye!", "До свидания!"),
    (r"thank you|thanks|спасибо", "You are welcome.", "Пожалуйста."),
    (
        r"hello|hi|hey|good (?:morning|afternoon|evening)|привет|здравствуй\w*|добрый",
        "Hello! How can I help you?",
        "Здравствуйте! Чем помочь?",
    ),
    (r"stop|quiet|стоп|хватит", "All right.", "Хорошо."),
    (
        "",
        "I can tell you the time and the weather, do sums, and tell stories.",
        "Я умею называть время и погоду, считать и рассказывать истории.",
    ),
)
"""Pattern of what is heard, answer in English, answer in Russian; the last one fits everything."""


def _small_talk(said: str, now: datetime) -> Say:
    english, russian = next(answers for heard, *answers in _SMALL_TALK if re.search(rf"\b(?:{heard})\b", said))
    return _in_language(said, english.format(now=now), russian.format(now=now))
