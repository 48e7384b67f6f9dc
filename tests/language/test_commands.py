"""Commands in Russian: no English sentence is left in help and errors, and programs read the same as ever."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from cli.app import COMMANDS
from cli.sessions.page import page
from engine.realtime.recording.story import Story
from tests.cli.run.test_virtual import environment
from tests.language.test_sentences import russian
from tests.support.command_lines import run_lines
from tests.support.kept import hold, script
from tests.support.voice_process import VOICE

__all__ = ["environment", "russian"]

BELOW = ["devices pick", "devices test", "devices watch", "config show", "config path", "config get", "config set"]
BELOW += ["config edit", "tools call", "sessions show", "sessions play", "sessions export", "sessions delete"]
BELOW += ["bench history"]
NO_SENTENCE = re.compile(
    r"`[^`]*`|--?[a-z][\w-]*|<[^>]*>|\[[A-Z][^\]]*\]|\b[A-Z_:]{2,}\b|https?://\S+|\{[^}]*\}|\"[^\"]*\"|python -m \S+"
    r"|PulseAudio|PipeWire|Yandex Cloud|Realtime API|Ctrl\+C|voice( [a-z]+)*"
)
"""Names, options and code are English in every language."""
NAMES = [*COMMANDS, "sounddevice", "pyaudio", "virtual", "server_vad", "none", "auto", "local", "openai", "yandex"]
NAMES += ["low", "session", "nosuch"]
"""Single words that a person types."""
ENGLISH = re.compile(r"[A-Za-z]{2,} +[A-Za-z]{2,} +[A-Za-z]{2,}")


def run_all(lines: Iterable[str], environment: dict[str, str], language: str) -> dict[str, CompletedProcess[str]]:
    return run_lines(lines, {**environment, "VOICE_LANG": language, "COLUMNS": "400"})


def run(words: str, environment: dict[str, str], language: str) -> CompletedProcess[str]:
    return run_all([words], environment, language)[words]


UNIT = re.compile(r"[а-яё].*\d (?:Hz|kHz|ms|us|dB)\b|\d (?:Hz|kHz|ms|us|dB)\b.*[а-яё]")
BETWEEN = re.compile(rf"[а-яё]{{2,}},? (?!(?:{'|'.join(NAMES)})\b)[a-z]{{3,}} [а-яё]{{2,}}")


def english_in(text: str) -> list[str]:
    """Lines with three English words on end, an English unit in Russian, or one English word between Russian ones."""
    found = (NO_SENTENCE.sub("·", line) for line in text.splitlines())
    return [line for line in found if any(pattern.search(line) for pattern in (ENGLISH, UNIT, BETWEEN))]


def test_no_help_has_an_english_sentence(environment: dict[str, str]) -> None:
    for line, shown in run_all((f"{command} --help" for command in ["", *COMMANDS, *BELOW]), environment, "ru").items():
        assert shown.returncode == 0, line
        assert "Использование: voice" in shown.stdout, line
        assert english_in(shown.stdout) == [], line


def test_english_sentences_are_found(environment: dict[str, str]) -> None:
    assert len(english_in(run("run --help", environment, "en").stdout)) > 20


def test_the_built_in_tools_are_described_in_russian(environment: dict[str, str]) -> None:
    shown = run("tools", environment, "ru").stdout
    assert re.search(r"get_weather +Коротко сообщить погоду в городе", shown)
    assert '"Tell the present weather' in run("tools --json", environment, "ru").stdout, "models read English"


ERRORS = {
    "run --provider openai --backend virtual": "нужен ключ",
    "run --provider nobody": "Нет сервиса 'nobody'",
    "run --backend nosuch": "Нет звукового бэкенда 'nosuch'",
    "run --backend virtual --input-file nosuch.wav --provider local": "Нет звукового файла",
    "run --volume loud": "'loud' — не число",
    "run --volume 99": "Недопустимое значение",
    "run --turns sometimes": "нет среди",
    "run --nosuch": "Нет параметра --nosuch",
    "nosuch": "Нет команды 'nosuch'",
    "--lang tlh run": "нет среди 'en', 'ru'",
    "setup": "нужен терминал",
    "bench nosuch": "Нет измерения 'nosuch'",
    "tools call nosuch": "Нет инструмента 'nosuch'",
    "sessions show": "нет сохранённых разговоров",
    "replay nosuch": "нет сохранённых разговоров",
    "serve --faults nosuch": "Нет сбоя 'nosuch'",
    "config get nosuch": "Нет ключа 'nosuch'",
}


def test_an_error_is_told_in_russian_and_ends_alike(environment: dict[str, str]) -> None:
    ends = [run_all(ERRORS, environment, language) for language in ("en", "ru")]
    for words, told in ERRORS.items():
        english, russian = (each[words] for each in ends)
        assert english.returncode == russian.returncode != 0, words
        assert english.stdout == russian.stdout == "", words
        assert told in russian.stderr, words
        assert english_in(russian.stderr) == [], words


def test_a_broken_configuration_is_told_of(environment: dict[str, str], tmp_path: Path) -> None:
    environment["VOICE_CONFIG"] = str(tmp_path / "config.toml")
    for content, told in (
        ("[audio]\nnosuch = 1\n", "строка 2"),
        ("[audio\n", "неправильный TOML"),
        ("[audio]\ninput = 3\n", "'input' в [audio]"),
        ("[nosuch]\n", "nosuch"),
    ):
        Path(environment["VOICE_CONFIG"]).write_text(content)
        russian = run("run", environment, "ru")
        assert russian.returncode == 2
        assert told in russian.stderr
        assert english_in(re.sub(r"TOML: .*", "", russian.stderr)) == []


def test_json_is_the_same_in_both(environment: dict[str, str]) -> None:
    lines = ["devices --json --backend virtual", "providers --json", "config show --json", "doctor --json"]
    lines += ["backends --json"]
    ends = [run_all(lines, environment, language) for language in ("en", "ru")]
    for words in lines:
        english, russian = (
            re.sub(r"[\d.,]+ (s|us)\b|VOICE_LANG|\"value\": \"(en|ru)\"", "", each[words].stdout) for each in ends
        )
        assert json.loads(ends[0][words].stdout), words
        assert english == russian, words


def test_doctor_speaks_russian(environment: dict[str, str]) -> None:
    found = run("doctor", environment, "ru").stdout
    assert re.search(r"^OK +ядра +загружены из ", found, re.MULTILINE)
    assert english_in(re.sub(r"PortAudio V[^\n]*|Python [^\n]*", "", found)) == []


@pytest.mark.usefixtures("russian")
def test_the_page_of_a_conversation_is_russian(tmp_path: Path) -> None:
    hold(tmp_path / "kept", *script())
    html = page(Story(tmp_path / "kept"))
    assert '<html lang="ru">' in html
    assert "<h2>Значения</h2>" in html
    assert re.search(r"первый звук через \d+ мс", html)
    assert "<b>Вы</b>" in html
    for english in ("You<", "Figures", "Conversation", "interrupted", "first sound", "returned", "ended by"):
        assert english not in html


def test_setup_keeps_the_language(environment: dict[str, str], tmp_path: Path) -> None:
    environment["VOICE_CONFIG"] = str(tmp_path / "config.toml")
    assert "Сохранено в" in run("setup --lang ru", environment, "en").stdout
    assert 'lang = "ru"' in Path(environment["VOICE_CONFIG"]).read_text()
    unset = {name: text for name, text in environment.items() if name != "VOICE_LANG"}
    shown = subprocess.run(
        [VOICE, "config", "get", "screen.lang"], env=unset, capture_output=True, text=True, check=True
    )
    assert shown.stdout == "ru\n"
    assert os.environ["VOICE_LANG"] == "en"


def test_an_unknown_folder_of_the_configuration_is_told_of(environment: dict[str, str]) -> None:
    environment["VOICE_CONFIG"] = "~nosuchuser/x"
    assert run("--version", environment, "en").returncode == 0
    shown = run("config show", environment, "ru")
    assert (shown.returncode, "Traceback" in shown.stderr) == (2, False)
    assert "Неизвестна папка пользователя" in shown.stderr
