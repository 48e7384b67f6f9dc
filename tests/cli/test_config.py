"""`voice config`: every value with its origin, changes that keep the rest of the file, and profiles."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.app import app
from engine.errors import InvalidInputError

FILE = """\
# mine
[keys]
openai_api_key = "sk-swordfish-1"

[audio]
backend = "virtual"   # for tests
input = "usb"

[mcp.files]
command = "server"
env = { TOKEN = "swordfish-2" }

[profiles.kitchen.audio]
input = "webcam"
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(FILE)
    monkeypatch.setenv("VOICE_CONFIG", str(path))
    monkeypatch.setenv("VOICE_PROFILE", "")
    for name in ("VOICE_BACKEND", "VOICE_INPUT", "VOICE_OUTPUT", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    return path


def voice(*arguments: str, given: str | None = None) -> str:
    """Run a command of `voice` and return what it printed."""
    os.environ["VOICE_PROFILE"] = ""  # an option of the last call, as each has a process of its own
    result = CliRunner().invoke(app, [*arguments], input=given)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_each_value_is_shown_with_its_origin_and_no_secret(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICE_OUTPUT", "speaker")
    shown = {row["key"]: (row["value"], row["origin"]) for row in json.loads(voice("config", "show", "--json"))}
    assert shown["audio.backend"] == ("virtual", f"{path}, line 6")
    assert shown["audio.output"] == ("speaker", "VOICE_OUTPUT")
    assert shown["keys.openai_api_key"] == ("***", f"{path}, line 3")
    assert shown["mcp.files.env.TOKEN"][0] == "***"
    assert shown["turns.mode"] == (None, "default")
    assert "swordfish" not in voice("config", "show") + voice("config", "get", "keys") + voice("config", "get", "mcp")


def test_a_profile_is_laid_over_the_rest_and_set_apart_from_it(path: Path) -> None:
    assert voice("config", "get", "audio.input") == "usb\n"
    assert voice("--profile", "kitchen", "config", "get", "audio") == "audio.backend = virtual\naudio.input = webcam\n"
    voice("--profile", "kitchen", "config", "set", "audio.output", "tv")
    voice("--profile", "attic", "config", "set", "session.budget", "2")
    assert voice("--profile", "kitchen", "config", "get", "audio.output") == "tv\n"
    assert voice("--profile", "attic", "config", "get", "session.budget") == "2\n"
    assert "tv" not in voice("--profile", "attic", "config", "show")
    assert path.read_text().startswith(FILE.rstrip("\n"))
    with pytest.raises(InvalidInputError, match="no profile 'cellar'") as refused:
        voice("--profile", "cellar", "config", "get", "audio.input")
    assert "kitchen" in refused.value.fix


def test_a_value_is_set_as_toml_or_as_text_and_removed(path: Path) -> None:
    for key, given, written in (
        ("session.budget", "0.5", "budget = 0.5"),
        ("keys.yandex_folder_id", "1234", 'yandex_folder_id = "1234"'),
        ("tools.enabled", '["a", "b"]', 'enabled = ["a", "b"]'),
        ("audio.input", "USB: the [good] one", 'input = "USB: the [good] one"'),
        ('prices."gpt.x".audio_input', "3", "audio_input = 3"),
    ):
        voice("config", "set", key, given)
        assert written in path.read_text()
    voice("config", "set", "audio.input", "--remove")
    assert voice("config", "get", "audio.input") == ""
    assert 'backend = "virtual"   # for tests' in path.read_text()
    with pytest.raises(InvalidInputError, match="from 1 to"):
        voice("config", "set", "recording.days", "-5")


def test_a_secret_is_read_and_not_taken_from_the_command_line(path: Path) -> None:
    voice("config", "set", "keys.openai_api_key", given="sk-new\n")
    assert 'openai_api_key = "sk-new"' in path.read_text()
    with pytest.raises(InvalidInputError, match="can be seen"):
        voice("config", "set", "keys.openai_api_key", "sk-other")


@pytest.mark.parametrize(
    ("key", "value", "says", "fix"),
    [
        ("audio.imput", "usb", "There is no key 'imput' in [audio]", "Did you mean 'input'?"),
        ("turns.threshold", "2", "'threshold' in [turns] must be a number from 0 to 1", "nothing was changed"),
        ("imput.usb", "1", "There is no table 'imput'", "Known names: keys, audio"),
        ("turns.mode.x", "1", "'mode' in [turns] must be one of 'server_vad', 'semantic_vad', 'none'", "changed"),
        ("recording.days", "0", "'days' in [recording] must be a whole number from 1 to 100000", "nothing was changed"),
        ("session", "x", "'session' names no key", "TABLE.KEY"),
        ("audio.input.name", "x", "'input' must be a table", ""),
        ("audio.input", None, "There is no value", "VALUE"),
        ("session.provider", "bogus", "There is no session.provider 'bogus'", "yandex, openai, local"),
        ("audio.backend", "bogus", "There is no audio.backend 'bogus'", "auto, "),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_written(
    path: Path, key: str, value: str | None, says: str, fix: str
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        voice("config", "set", key, *([value] if value else []))
    assert says in refused.value.message
    assert "line " not in refused.value.message, "nobody finds there what was not written"
    assert fix in refused.value.fix
    assert path.read_text() == FILE


def test_an_unknown_key_is_answered_with_the_nearest(path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"no key 'turns\.modes'") as refused:
        voice("config", "get", "turns.modes")
    assert "turns.mode" in refused.value.fix
    with pytest.raises(InvalidInputError, match="no key 'provider'") as refused:
        voice("config", "set", "provider", "openai")
    assert "session.provider" in refused.value.fix
    assert voice("config", "path") == f"{path}\n"


def test_the_file_is_checked_after_the_editor(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "sed -i s/backend/bakend/")
    with pytest.raises(InvalidInputError, match=r"line 6, has an unknown key 'bakend'"):
        voice("config", "edit")
    monkeypatch.setenv("EDITOR", "/nonexistent")
    with pytest.raises(InvalidInputError, match="editor"):
        voice("config", "edit")
    monkeypatch.setenv("VOICE_CONFIG", str(path / "below a file.toml"))
    with pytest.raises(InvalidInputError, match="cannot be written"):
        voice("config", "edit")
