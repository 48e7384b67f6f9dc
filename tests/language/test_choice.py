"""The language is that of --lang, else of VOICE_LANG, of the configuration, of the system; else English."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.language.choice import speak_as_wanted
from cli.language.spoken import speak, spoken_language, translated
from tests.support.voice_process import VOICE

RUSSIAN = '[screen]\nlang = "ru"\n'
IN_PROFILE = '[screen]\nlang = "en"\n[profiles.home.screen]\nlang = "ru"\n'


@pytest.fixture(autouse=True)
def english_afterwards() -> Iterator[None]:
    yield
    speak("en")


@pytest.mark.parametrize(
    ("environment", "configuration", "language"),
    [
        ({}, "", "en"),
        ({"LANG": "C"}, "", "en"),
        ({"LANG": "ru_RU.UTF-8"}, "", "ru"),
        ({"LANG": "ru_RU.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, "", "en"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "ru_RU.UTF-8"}, "", "ru"),
        ({"LANG": "de_DE.UTF-8"}, "", "en"),
        ({"LANG": "en_US.UTF-8"}, RUSSIAN, "ru"),
        ({"LANG": "en_US.UTF-8", "VOICE_PROFILE": "home"}, IN_PROFILE, "ru"),
        ({"LANG": "ru_RU.UTF-8"}, IN_PROFILE, "en"),
        ({"VOICE_LANG": "en"}, RUSSIAN, "en"),
        ({"VOICE_LANG": "ru"}, "", "ru"),
        ({"VOICE_LANG": "tlh", "LANG": "ru_RU.UTF-8"}, "", "en"),
        ({"LANG": "ru_RU.UTF-8"}, "[screen\n", "ru"),
        ({"LANG": "ru_RU.UTF-8"}, "screen = 3\n", "ru"),
        ({"LANG": "ru_RU.UTF-8"}, "[screen]\nlang = 3\n", "en"),
    ],
)
def test_the_nearest_wish_wins(
    tmp_path: Path, environment: dict[str, str], configuration: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    (tmp_path / "config.toml").write_text(configuration)
    speak_as_wanted({"VOICE_CONFIG": str(tmp_path / "config.toml"), **environment})
    assert spoken_language() == language


@pytest.mark.parametrize(("locale", "language"), [("Russian_Russia", "ru"), ("ru-RU", "en"), (None, "en")])
def test_windows_names_languages_its_own_way(
    locale: str | None, language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def getlocale() -> tuple[str | None, str | None]:
        if locale == "ru-RU":
            raise ValueError("unknown locale: ru-RU")
        return locale, None

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr("locale.getlocale", getlocale)
    speak_as_wanted({"VOICE_CONFIG": str(tmp_path / "none.toml")})
    assert spoken_language() == language


def test_an_unknown_folder_of_a_user_is_no_language() -> None:
    speak_as_wanted({"VOICE_CONFIG": "~nosuchuser/x", "LANG": "ru_RU.UTF-8"})
    assert spoken_language() == "ru"


@pytest.mark.parametrize("error", [FileNotFoundError(), ValueError("damaged"), struct.error("short"), EOFError()])
def test_without_its_catalogue_a_language_is_english(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def catalogue_of(_: str) -> None:
        raise error

    monkeypatch.setattr("cli.language.catalogue.catalogue_of", catalogue_of)
    speak("ru")
    assert (spoken_language(), translated("Nothing was changed.")) == ("en", "Nothing was changed.")


def helped(*words: str, **variables: str) -> str:
    environment = {name: text for name, text in os.environ.items() if name != "VOICE_LANG"}
    run = subprocess.run(
        [VOICE, *words], env={**environment, "LC_ALL": "C.UTF-8", **variables}, capture_output=True, check=True
    )
    return run.stdout.decode()


def test_the_option_stands_before_the_command_or_among_those_of_run(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(RUSSIAN)
    config = str(tmp_path / "config.toml")
    english, russian = helped("run", "--help"), helped("--lang", "ru", "run", "--help")
    assert "Голос агента." in russian
    assert helped("run", "--lang", "ru", "--help") == russian
    assert helped("run", "--help", VOICE_LANG="ru") == russian
    assert helped("run", "--help", VOICE_CONFIG=config) == russian
    assert helped("--lang", "en", "run", "--help", VOICE_CONFIG=config) == english
    assert helped("run", "--help", LC_ALL="de_DE.UTF-8") == english


def test_english_loads_no_catalogue(tmp_path: Path) -> None:
    code = "import sys; sys.argv[1:] = ['--help']\nfrom cli.main import main\n"
    code += "try: main()\nfinally: print(*sys.modules, file=sys.stderr)"
    environment = {**os.environ, "VOICE_LANG": "en"}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert not {"cli.language.catalogue", "tomllib", "platformdirs"} & set(run.stderr.split())
