"""Sentences with values find their message, and what is not ours stays as it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cli.language.spoken import counted, speak, spoken_language, translated


@pytest.fixture
def russian() -> Iterator[None]:
    speak("ru")
    yield
    speak("en")


@pytest.mark.usefixtures("russian")
@pytest.mark.parametrize(
    ("english", "expected"),
    [
        ("Nothing was changed.", "Ничего не изменено."),
        ("\nNothing was changed.", "\nНичего не изменено."),
        ("There is no key 'input'.", "Нет ключа 'input'."),
        ("  (connection lost: reconnecting (2/8) in 1.5 s: no answer within 5 s)",
         "  (соединение потеряно: переподключение (2/8) через 1,5 с: нет ответа за 5 с)"),
        ("No input device matches 'Mic'.", "Не найдено устройство 'Mic' (микрофон)."),
        ("There is no audio backend called 'x'.", "Нет звукового бэкенда 'x'."),
        ("There is no sound card here (a: This system has no input device; b: no figure).",
         "Здесь нет звуковой карты (a: В системе не найден микрофон; b: no figure)."),
        ("The key file is empty. Write the key into it.", "Файл с ключом пуст. Запишите в него ключ."),
        ("Choose server_vad or none with --turns.", "Выберите server_vad или none с помощью --turns."),
        ("Set A and B (or YANDEX_CLOUD_IAM_TOKEN in place of the key) in the environment or the configuration file.",
         "Задайте A и B (или YANDEX_CLOUD_IAM_TOKEN вместо ключа) в окружении или в файле настроек."),
        ("no key is set, so the embedded server on this machine answers",
         "ключ не задан, поэтому отвечает встроенный сервер на этой машине"),
        ("No saved conversation is called 'x'.", "Нет сохранённого разговора с именем 'x'."),
        ("Three busy Python threads", "Три занятых потока Python"),
    ],
)  # fmt: skip
def test_a_sentence_is_found_with_its_values(english: str, expected: str) -> None:
    assert translated(english) == expected


@pytest.mark.usefixtures("russian")
@pytest.mark.parametrize(
    "text",
    [
        "", "  ", "—", "42", "Привет, как дела?", "The quick brown fox, which jumps; over (lazy) dogs: all of them.",
        "dsp, ring, port, session, echo", "Tower of Song", "{device} {", "%s %d", "日本語 😀",
        "USB, , Audio", "a; ; b", "a: : b",
    ],
)  # fmt: skip
def test_what_is_not_ours_stays_as_it_is(text: str) -> None:
    assert translated(text) == text


@pytest.mark.usefixtures("russian")
@pytest.mark.parametrize("name", ["speaker", "it is gone", "Nothing was changed."])
def test_a_name_in_quotes_is_not_translated(name: str) -> None:
    assert translated(f"There is no tool '{name}'.") == f"Нет инструмента '{name}'."


@pytest.mark.usefixtures("russian")
def test_russian_counts_in_three_forms() -> None:
    assert [counted(number, "turn") for number in (1, 3, 5, 11, 21)] == [
        "1 реплика", "3 реплики", "5 реплик", "11 реплик", "21 реплика",
    ]  # fmt: skip


def test_english_is_what_the_code_says() -> None:
    assert spoken_language() == "en"
    assert translated("There is no key 'input'.") == "There is no key 'input'."
