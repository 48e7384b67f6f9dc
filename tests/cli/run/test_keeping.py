"""Conversations are kept as `[recording]` says: always, as text, when the person says so at the end, or never."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest
import typer

from cli.run.keeping import keeping
from engine.api.conversations import kept_recordings
from engine.config_tables import Keep, RecordingOptions
from engine.errors import ConnectionFailedError
from engine.realtime.testing import Expect, Wait
from tests.cli.run.test_virtual import environment
from tests.support.kept import hold
from tests.support.voice_process import VOICE

if sys.platform == "win32":
    pytest.skip("a pseudo-terminal is a thing of Unix", allow_module_level=True)

from tests.support.terminal import Terminal

__all__ = ["environment"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Folder of the kept conversations."""
    return tmp_path / "talks"


def wanted(keep: Keep, folder: Path, days: int | None = None) -> RecordingOptions:
    """The configuration."""
    return RecordingOptions(keep, str(folder), days)


def files_of(folder: Path) -> list[str]:
    """All files that are in it, however deep, without the names of the conversations."""
    return sorted(path.name for path in folder.rglob("*") if path.is_file()) if folder.exists() else []


@pytest.mark.parametrize("keep", [Keep.ALWAYS, Keep.TEXT])
def test_a_conversation_is_kept_for_its_owner_alone(
    keep: Keep, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with keeping(wanted(keep, folder), None) as (options, _):
        hold(options["record"], record_sound=options["record_sound"])
    sound = ["agent.wav", "heard.wav", "user.wav"] if keep is Keep.ALWAYS else []
    assert files_of(folder) == sorted(["session.jsonl", *sound])
    for path in (folder, *folder.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o600 if path.is_file() else 0o700)
    assert f"Kept as {kept_recordings(folder)[0].name}" in capsys.readouterr().err


def test_where_nothing_was_said_nothing_is_kept(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConnectionFailedError), keeping(wanted(Keep.ALWAYS, folder), None):
        raise ConnectionFailedError("No network.")
    with keeping(wanted(Keep.ALWAYS, folder), None) as (options, _):
        hold(options["record"], Expect("session.update"), Wait(1))
    assert list(folder.iterdir()) == []
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("keep", [Keep.NEVER, Keep.ALWAYS])
def test_never_and_a_folder_of_its_own_leave_nothing_in_this_one(keep: Keep, folder: Path) -> None:
    with keeping(wanted(keep, folder), None if keep is Keep.NEVER else "talk") as (options, _):
        assert options == {}
    assert not folder.exists()


@pytest.mark.parametrize("answer", [True, False, typer.Abort(), OSError(5, "Input/output error")])
def test_a_question_at_the_end_decides(answer: bool | Exception, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def confirm(*_: object, **__: object) -> bool:
        assert kept_recordings(folder) == [], "until the answer it is not among those that are kept"
        assert files_of(folder)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr("cli.run.keeping.has_keyboard", lambda: True)
    monkeypatch.setattr("typer.prompt", confirm)
    with pytest.raises(ConnectionFailedError), keeping(wanted(Keep.ASK, folder), None) as (options, _):
        hold(options["record"])
        raise ConnectionFailedError("It broke in the end.")
    assert len(kept_recordings(folder)) == (answer is True)
    assert len(list(folder.iterdir())) == (answer is True)


def test_nobody_can_be_asked_without_a_terminal(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.run.keeping.has_keyboard", lambda: False)
    with keeping(wanted(Keep.ASK, folder), None) as (options, remarks):
        assert options == {}
        assert "this one is not" in remarks[0]
    assert not folder.exists()


def test_what_is_too_old_is_removed_at_the_start_and_said(folder: Path) -> None:
    for name in ("20200101-000000", ".20200101-000001"):
        hold(folder / name)
        os.utime(folder / name / "session.jsonl", (0, 0))
    hold(folder / "20261201-101500")
    with keeping(wanted(Keep.NEVER, folder, days=30), None) as (_, remarks):
        assert remarks == ["1 conversation was removed: more than 30 days old."]
    assert [path.name for path in folder.iterdir()] == ["20261201-101500"]


def test_a_person_is_asked_on_the_terminal(tmp_path: Path, environment: dict[str, str]) -> None:
    config, folder = tmp_path / "config.toml", tmp_path / "talks"
    config.write_text(f'[recording]\nkeep = "ask"\nfolder = "{folder}"\n', encoding="utf-8")
    environment = {**environment, "VOICE_CONFIG": str(config)}
    command = [VOICE, "run", "--text", "--provider", "local", "--backend", "virtual"]
    with Terminal(command, environment) as terminal:
        terminal.wait_for("sess_")
        terminal.press("What time is it?\r")
        terminal.wait_for("Agent")
        terminal.press("\x03")
        terminal.wait_for("Keep this conversation")
        terminal.press("\rwhat?\r")
        terminal.wait_for("Write y to keep it")
        terminal.press("Yes\r")
        terminal.wait_for("Kept as")
    assert len(kept_recordings(folder)) == 1
