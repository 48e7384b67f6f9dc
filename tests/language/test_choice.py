"""The language is that of --lang, else of VOICE_LANG, of the configuration, of the system; else English."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.language.choice import speak_as_wanted
from cli.language.spoken import speak, spoken_language
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
