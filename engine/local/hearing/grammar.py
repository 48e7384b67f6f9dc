"""The JSGF grammar of what the embedded recogniser understands; pocketsphinx knows the words' sounds itself."""

from __future__ import annotations

from collections.abc import Callable

from engine.local.answering.cities import CITIES
from engine.local.answering.numbers import ENGLISH


def _alternatives(phrases: list[str]) -> str:
    return " | ".join(phrases)


def grammar(knows: Callable[[str], bool]) -> str:
    """Return the grammar with every city whose words the recogniser's dictionary `knows`.

    Spoken numbers end at twenty: with more, "seven times" was heard as "seventy times" and "nineteen" as "ninety",
    in 27 of 72 trial phrases, whatever weights the grammar gave them. Typed ones have no such bound.
    """
    cities = [city.lower() for city in CITIES if all(knows(word) for word in city.lower().split())]
    numbers = [word for word, value in ENGLISH.items() if value <= 20]
    return f"""#JSGF V1.0;
grammar voice;
<city> = {_alternatives(cities)};
<number> = {_alternatives(numbers)};
<operator> = plus | minus | times | multiplied by | divided by;
<question> = what is | how much is;
public <turn> =
    (what is | how is) the weather [like] in <city> [today | tomorrow] |
    weather in <city> |
    <question> <number> <operator> <number> |
    what time is it [now] | what is the time |
    tell me a [long] story | tell me another story |
    hello [there] | hello how are you | hi [there] | good morning | good evening |
    stop | be quiet |
    thank you [very much] [goodbye] | goodbye | bye bye;
"""
