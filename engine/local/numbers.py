"""Numbers in words, English and Russian: what a recogniser hears, and what a person may type."""

from __future__ import annotations

import math
import re

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
ENGLISH: dict[str, int] = {
    **{word: value for value, word in enumerate(_ONES.split())},
    **{word: 10 * (index + 2) for index, word in enumerate(_TENS.split())},
    "hundred": 100,
}

_RUSSIAN_ONES = (
    "ноль один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать тринадцать четырнадцать "
    "пятнадцать шестнадцать семнадцать восемнадцать девятнадцать"
)
_RUSSIAN_TENS = "двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто сто"
RUSSIAN: dict[str, int] = {
    **{word: value for value, word in enumerate(_RUSSIAN_ONES.split())},
    **{word: 10 * (index + 2) for index, word in enumerate(_RUSSIAN_TENS.split())},
    "одна": 1,
    "две": 2,
}


def parse_number(words: str) -> float | None:
    """Return the number that `words` say, in digits or in words up to nine hundred and ninety-nine; else None.

    Example:
        >>> parse_number("twenty one"), parse_number("сорок два"), parse_number("7.5"), parse_number("apple")
        (21.0, 42.0, 7.5, None)
    """
    text = re.sub(r"(?<=[a-zа-я])-(?=[a-zа-я])", " ", words.strip().lower()).replace(",", ".")
    try:
        return float(text)
    except ValueError:
        pass
    total = 0
    found = False
    for word in text.split():
        if word in ("and", "a", "и"):
            continue
        value = ENGLISH.get(word, RUSSIAN.get(word))
        if value is None:
            return None
        total = max(total, 1) * 100 if word == "hundred" else total + value
        found = True
    return float(total) if found else None


def say_number(value: float) -> str:
    """A number as espeak-ng should get it: whole ones without a fraction, others with two digits at most.

    Example:
        >>> say_number(56.0), say_number(2.5), say_number(1 / 3)
        ('56', '2.5', '0.33')
    """
    if not math.isfinite(value):
        return str(value)
    return str(round(value)) if abs(value - round(value)) < 1e-9 else f"{value:.2f}".rstrip("0")
