"""What the embedded agent answers, without server or sound."""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from engine.local.answering import story
from engine.local.answering.calls import Call, Tools
from engine.local.answering.cities import CITIES, find_city
from engine.local.answering.dialog import Say, think
from engine.local.answering.speech import language_of

NOW = datetime(2026, 3, 5, 14, 5)
TOOLS: Tools = {"get_weather": {}}


def said(text: str) -> str:
    """The agent's words."""
    answer = think(text, TOOLS, NOW)
    assert isinstance(answer, Say)
    return answer.text


@pytest.mark.parametrize(
    ("question", "result"),
    [
        ("what is seven times eight", "56"),
        ("how much is nine plus four", "13"),
        ("what is three minus twelve", "-9"),
        ("what is twenty divided by eight", "2.5"),
        ("what is six multiplied by seven", "42"),
        ("What's 2+2?", "4"),
        ("10-3", "7"),
        ("5 - -3", "8"),
        ("7x8", "56"),
        ("0.1 + 0.2", "0.3"),
        ("minus five plus three", "-2"),
        ("twenty-one minus three", "18"),
        ("two hundred and five times two", "410"),
        ("999999999 * 999999999", "999999998000000001"),
        ("one divided by three", "0.33"),
        ("сколько будет семь умножить на восемь", "56"),
        ("Сколько будет пять делить на два?", "2,5"),
        ("двести плюс сорок два", "242"),
        ("сорок два минус пятьдесят", "-8"),
    ],
)
def test_arithmetic(question: str, result: str) -> None:
    answer = said(question)
    assert re.search(rf"(?:is|будет) {re.escape(result)}\.$", answer)
    assert language_of(answer) == language_of(question)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("what is seven divided by zero", "Nobody can divide by zero."),
        ("семь разделить на ноль", "На ноль делить нельзя."),
        ("What time is it?", "It is 14:05."),
        ("который час", "Сейчас 14:05."),
        ("good morning", "Hello! How can I help you?"),
        ("Здравствуйте", "Здравствуйте! Чем помочь?"),
        ("thank you very much", "You are welcome."),
        ("спасибо", "Пожалуйста."),
        ("bye bye", "Goodbye!"),
        ("пока", "До свидания!"),
        ("be quiet", "All right."),
        ("weather please", "Which city do you mean?"),
        ("какая погода", "О каком городе идёт речь?"),
        ("what is the weather in Atlantis", "Which city do you mean?"),
        ("", "Sorry, I did not catch that."),
        ("...", "Sorry, I did not catch that."),
        ("- + *", "Sorry, I did not catch that."),
        ("\ud800", "Sorry, I did not catch that."),
    ],
)
def test_small_talk_in_the_language_of_the_question(question: str, answer: str) -> None:
    assert said(question) == answer


@pytest.mark.parametrize("question", ["colourless green ideas", "what is nan plus inf", "2026-11-23", "7" * 400 + "+1"])
def test_what_is_not_understood_is_answered_with_what_can_be_asked(question: str) -> None:
    assert said(question).startswith("I can tell you")


@pytest.mark.parametrize("filler", ["a ", " ", "7+", "twenty ", "- "])
def test_a_question_of_any_length_is_answered_at_once(filler: str) -> None:
    assert said("what is one plus " + filler * 1_000_000)


def test_the_story_is_told_in_both_languages() -> None:
    assert said("tell me a long story") == story.ENGLISH
    assert said("расскажи историю") == story.RUSSIAN


def test_weather_is_asked_of_the_tool_for_every_city() -> None:
    assert len(CITIES) >= 40
    for city, (nominative, behind_in) in CITIES.items():
        assert think(f"What is the weather in {city}?", TOOLS, NOW) == Call("get_weather", {"city": city})
        assert think(f"weather in {city.lower()} tomorrow", TOOLS, NOW) == Call("get_weather", {"city": city})
        assert think(f"Какая погода в {behind_in}?", TOOLS, NOW) == Call("get_weather", {"city": nominative})
        assert find_city(nominative.upper()) == nominative


def test_without_the_tool_the_agent_says_that_it_cannot_know() -> None:
    answer = think("what is the weather in Moscow", {}, NOW)
    assert answer == Say("I have no way to look up the weather in Moscow.")
