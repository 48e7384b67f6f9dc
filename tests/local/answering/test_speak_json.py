"""Results of tools and numbers, as they are spoken in both languages."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.local.answering.numbers import ENGLISH, RUSSIAN, counted, parse_number, say_number
from engine.local.answering.speak_json import speak_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize(
    ("output", "english"),
    [
        ('{"city": "Moscow", "temperature_c": -1, "sky": "cloudy"}', "Moscow, temperature minus 1 degree, cloudy."),
        ('{"windSpeed": 3.50, "humidity_percent": 40}', "wind speed 3.5, humidity 40 percent."),
        ('{"temperature_c": null, "wind_m_s": "strong"}', "temperature c nothing, wind m s strong."),
        ('{"a": {"b": [1, {"c": "deep"}]}}', "b 1, c deep."),
        ("[1, [2.5, null, true]]", "1, 2.5, nothing, yes."),
        ('"done."', "done."),
        ("no JSON {", "no JSON {."),
        ("", "nothing."),
        ("{}", "nothing."),
        ("[[], {}]", "nothing."),
    ],
)
def test_every_value_is_told(output: str, english: str) -> None:
    assert speak_json(output, "en-us") == english


@pytest.mark.parametrize(
    ("output", "russian"),
    [
        (
            '{"city": "Москва", "temperature_c": 22, "condition": "ясно", "wind_m_s": 3.5, "advice": "Пей воду."}',
            "Москва, температура 22 градуса, ясно, ветер 3,5 метра в секунду. Пей воду.",
        ),
        ('{"temperature_c": -11}', "температура минус 11 градусов."),
        ('{"humidity_percent": 41, "ok": false}', "влажность 41 процент, ok нет."),
        ('{"condition": "\\u044f\\u0441\\u043d\\u043e"}', "ясно."),
        ("null", "пусто."),
        ("{}", "пусто."),
    ],
)
def test_a_russian_question_is_answered_in_russian(output: str, russian: str) -> None:
    assert speak_json(output, "ru") == russian


def test_a_russian_result_is_told_in_russian_whoever_asked() -> None:
    assert speak_json('{"city": "Москва", "temperature_c": 1}', "en-us") == "Москва, температура 1 градус."


@pytest.mark.parametrize(
    "output", ["[" * 100_000, "[" * 500 + "1" + "]" * 500, "x" * 1_000_000, "9" * 4000, "1 " * 10**6]
)
def test_a_result_of_any_size_is_a_sentence_of_bounded_length(output: str) -> None:
    assert 1 < len(speak_json(output, "en-us")) <= 1001


@given(value=JSON, language=st.sampled_from(["en-us", "ru"]))
def test_any_json_is_told_in_one_sentence(value: object, language: str) -> None:
    sentence = speak_json(json.dumps(value), language)
    assert sentence.endswith(".")
    assert len(sentence) <= 1001


@given(st.integers(-(10**14), 10**14), st.integers(0, 99))
def test_a_number_is_read_as_it_was_said(whole: int, hundredths: int) -> None:
    number = Fraction(whole) + (Fraction(hundredths, 100) if whole >= 0 else -Fraction(hundredths, 100))
    for language in ("en-us", "ru"):
        assert parse_number(say_number(number, language)) == number


def test_every_word_is_a_number() -> None:
    for words in (ENGLISH, RUSSIAN):
        for word, value in words.items():
            if word != "hundred":
                assert parse_number(word) == value
    assert parse_number("nine hundred and ninety nine") == 999
    assert parse_number("minus forty-two") == -42


@pytest.mark.parametrize("words", ["", "apple", "nan", "inf", "1e5", "1_000", "minus", "and", "1" * 16, "seven apples"])
def test_what_is_no_number_is_none(words: str) -> None:
    assert parse_number(words) is None


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (1, "градус"),
        (-21, "градус"),
        (11, "градусов"),
        (3, "градуса"),
        (14, "градусов"),
        (0, "градусов"),
        (2.5, "градуса"),
    ],
)
def test_units_agree_with_their_number(value: float, form: str) -> None:
    assert counted(value, ("градус", "градуса", "градусов")) == form
