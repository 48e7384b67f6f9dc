"""Numbers in words, English and Russian: what a recogniser hears, and what a person may type."""

from __future__ import annotations

import math
import re
from fractions import Fraction

_MOST_EXACT = 1e15
"""Above this a float has no digit left behind the point."""
_ONES = (
    "zero one two three four five six seven eight nine ten "
    "eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
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
_RUSSIAN_TENS = "двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто"
_RUSSIAN_HUNDREDS = "сто двести триста четыреста пятьсот шестьсот семьсот восемьсот девятьсот"
RUSSIAN: dict[str, int] = {
    **{word: value for value, word in enumerate(_RUSSIAN_ONES.split())},
    **{word: 10 * (index + 2) for index, word in enumerate(_RUSSIAN_TENS.split())},
    **{word: 100 * (index + 1) for index, word in enumerate(_RUSSIAN_HUNDREDS.split())},
    "одна": 1,
    "две": 2,
}


_DIGITS = re.compile(r"[-+]?[0-9]{1,15}([.,][0-9]{1,15})?")
"""Longer numbers than these are not for the ear."""


def parse_number(words: str) -> Fraction | None:
    """Return the number that `words` say, in digits or in words up to nine hundred and ninety-nine; else None.

    Example:
        >>> parse_number("twenty one"), parse_number("7.5"), parse_number("apple")
        (Fraction(21, 1), Fraction(15, 2), None)
    """
    text = re.sub(r"(?<=[a-zа-я])-(?=[a-zа-я])", " ", words.strip().lower())
    if _DIGITS.fullmatch(text):
        return Fraction(text.replace(",", "."))
    sign = -1 if text.startswith(("minus ", "минус ")) else 1
    total = 0
    found = False
    for word in text.split()[sign < 0 :]:
        if word in ("and", "a", "и"):
            continue
        value = ENGLISH.get(word, RUSSIAN.get(word))
        if value is None:
            return None
        total = max(total, 1) * 100 if word == "hundred" else total + value
        found = True
    return Fraction(sign * total) if found else None


def say_number(value: Fraction | float, language: str) -> str:
    """A number as espeak-ng should get it: at most two digits behind the point, which is a comma in Russian ("ru").

    Example:
        >>> say_number(56.0, "en-us"), say_number(2.5, "ru"), say_number(Fraction(1, 3), "en-us")
        ('56', '2,5', '0.33')
    """
    if isinstance(value, float) and not (math.isfinite(value) and abs(value) < _MOST_EXACT):
        return str(value)
    hundredths = round(Fraction(value) * 100)
    whole, rest = divmod(abs(hundredths), 100)
    digits = f"{whole}.{rest:02}".rstrip("0").rstrip(".")
    return ("-" if hundredths < 0 else "") + (digits.replace(".", ",") if language == "ru" else digits)


def counted(value: Fraction | float, forms: tuple[str, str, str]) -> str:
    """The form of a word behind a number: of (one, few, many), where English has one for the last two.

    Russian counts 1, 21, 31 градус; 2, 3, 4, 22 градуса, as with any fraction; 5 to 20, 25 градусов.

    Example:
        >>> [counted(n, ("градус", "градуса", "градусов")) for n in (-1, 3, 12, 0.5)]
        ['градус', 'градуса', 'градусов', 'градуса']
    """
    one, few, many = forms
    if value != int(value):
        return few
    whole = abs(int(value))
    if few == many:
        return one if whole == 1 else many
    if whole % 10 == 1 and whole % 100 != 11:
        return one
    return few if whole % 10 in (2, 3, 4) and whole % 100 not in (12, 13, 14) else many
