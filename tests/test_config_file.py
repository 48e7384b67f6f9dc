"""The configuration says where it is wrong; it is changed in place, and a failure loses nothing of it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from engine.config import load_config
from engine.config_file import save_values
from engine.errors import InvalidInputError

WRITTEN_BY_HAND = """# mine
[keys]
openai_api_key = "sk-1"   # from the console

[audio]          # the desk
input = "usb"    # the good one
# backend = "pyaudio"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "voice" / "config.toml"


def mode_of(path: Path) -> int:
    """Its permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


def audio_of(path: Path) -> tuple[str | None, str | None, str | None]:
    """What `voice run` would take from it."""
    audio = load_config({"VOICE_CONFIG": str(path)}).audio
    return audio.backend, audio.input, audio.output


def test_a_new_file_is_its_owners_only(path: Path) -> None:
    save_values(path, {"audio.input": 'Mic "1", ALSA', "audio.output": "default"})
    assert audio_of(path) == (None, 'Mic "1", ALSA', "default")
    assert mode_of(path) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_named_file_must_be_there_unless_it_is_still_to_be_made(path: Path) -> None:
    environ = {"VOICE_CONFIG": str(path), "VOICE_INPUT": "usb"}
    with pytest.raises(InvalidInputError, match="VOICE_CONFIG"):
        load_config(environ)
    assert load_config(environ, may_be_new=True).audio.input == "usb"


@pytest.mark.parametrize("mode", [0o600, 0o640])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_other_lines_comments_and_the_mode_are_kept(path: Path, mode: int, line_end: str) -> None:
    path.parent.mkdir()
    path.write_bytes(WRITTEN_BY_HAND.replace("\n", line_end).encode())
    path.chmod(mode)
    save_values(path, {"audio.input": "Mic, ALSA", "audio.output": "Колонки, ALSA"})
    changed = path.read_bytes().decode()
    kept = [line for line in WRITTEN_BY_HAND.splitlines() if "usb" not in line]
    assert [line for line in changed.splitlines() if line in kept] == kept
    assert "# the good one" in changed
    assert audio_of(path) == (None, "Mic, ALSA", "Колонки, ALSA")
    assert mode_of(path) == mode


@pytest.mark.parametrize("text", ["", "# only a remark", '[keys]\nopenai_api_key = "sk-1"', 'audio.input = "x"\n'])
def test_the_table_is_found_or_added_wherever_it_stands(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)
    save_values(path, {"audio.input": "a"})
    save_values(path, {"audio.output": "b", "audio.backend": "pyaudio"})
    assert audio_of(path) == ("pyaudio", "a", "b")
    assert all(line in path.read_text() for line in text.splitlines() if "audio" not in line)


def test_a_link_stays_one(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir()
    target = tmp_path / "dotfiles.toml"
    target.write_text(WRITTEN_BY_HAND)
    path.symlink_to(target)
    save_values(path, {"audio.input": "a"})
    assert path.is_symlink()
    assert 'input = "a"' in target.read_text()


@pytest.mark.parametrize("content", [b"[audio\n", b'audio = "x"\n', b"\xff\xfe"])
def test_a_file_that_cannot_be_understood_is_left_as_it_is(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match=str(path)):
        save_values(path, {"audio.input": "a"})
    assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    ("content", "says", "fix"),
    [
        (b'[audio]\ninput = "usb\n', "line 2", "Correct that line, or remove the file"),
        (b'[audio]\n\ninput = "\xff"\n', "not UTF-8 at line 3", "Save it as UTF-8"),
        (b"[audio]\ninput = 3\n", "'input' in [audio]", 'input = "..."'),
        (b"audio = 3\n", "'audio'", "[audio]"),
        (b"[audio]\nimput = 'usb'\n", "unknown key 'imput' in [audio]", "backend, input, output"),
        (b"[prices.'a.b'.c]\n", "'c' in [prices.\"a.b\"]", "audio_input"),
        (b"[mcp.x.env]\nTOKEN = 1979\n", "'TOKEN' in [mcp.x.env] must be a string", 'TOKEN = "..."'),
        (b"[sounds]\n", "unknown table 'sounds'", "keys, audio, tools"),
        (b"x = " + b"[" * 100_000, "nested too deeply", "remove"),
        (b"x = " + b"{a=" * 100_000, "larger than 256 KiB", "name another file"),
        (b"x = " + b"{a=" * 50_000, "nested too deeply", "remove"),
        (b".".join([b"a"] * 20_000) + b" = 1", "nested too deeply", "remove"),
        (b"[turns]\nsilence_duration_ms = 1" + b"0" * 5000, "a number without end", "remove"),
        (b"[turns]\nsilence_duration_ms = 1" + b"0" * 400, "whole number from 0 to 10000", ""),
        (b"[recording]\n\ndays = -5", "line 3, 'days' in [recording] must be a whole number from 1 to 100000", "there"),
        (b"[prices.m]\naudio_input = 1" + b"0" * 400, "must be a price", ""),
        (b"[mcp.x]\ncommand = 'a'\ntimeout_s = nan", "a number of seconds", ""),
        (None, "is a folder", "VOICE_CONFIG"),
    ],
)
def test_what_is_wrong_in_it_is_said_with_the_place_and_the_fix(
    tmp_path: Path, content: bytes | None, says: str, fix: str
) -> None:
    path = tmp_path / "config.toml"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(InvalidInputError) as refused:
        load_config({"VOICE_CONFIG": str(path)})
    assert str(path) in refused.value.message
    assert says in refused.value.message
    assert fix in refused.value.fix


@pytest.mark.parametrize("name", ["a" * 300, "a_file/config.toml"])
def test_a_path_that_no_file_can_have_is_an_error_with_a_fix(tmp_path: Path, name: str) -> None:
    (tmp_path / "a_file").touch()
    with pytest.raises(InvalidInputError) as refused:
        load_config({"VOICE_CONFIG": str(tmp_path / name)})
    assert "VOICE_CONFIG" in refused.value.fix


def test_a_full_disk_leaves_the_old_file_and_nothing_else(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_values(path, {"audio.input": "old"})

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InvalidInputError, match="No space left"):
        save_values(path, {"audio.input": "new"})
    assert audio_of(path) == (None, "old", None)
    assert list(path.parent.iterdir()) == [path]
