"""`voice run --resume` goes on with the last conversation, or with the one that is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.commands.run import app
from tests.cli.run.test_virtual import environment
from tests.support.kept import QUESTION, hold
from tests.support.voice_process import VoiceProcess

__all__ = ["environment"]


@pytest.mark.parametrize(
    ("words", "resume"),
    [
        ([], None),
        (["--resume"], "last"),
        (["--resume", "--text"], "last"),
        (["--resume", "20261201", "--text"], "20261201"),
        (["--resume=20261201"], "20261201"),
    ],
)
def test_a_name_may_be_left_out(words: list[str], resume: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[Any] = []
    monkeypatch.setattr("cli.run.start.run_session", lambda options, *_, **__: taken.append(options))
    assert CliRunner().invoke(app, words).exit_code == 0
    assert [options.resume and str(options.resume) for options in taken] == [resume]


def test_the_server_is_told_what_was_said(tmp_path: Path, environment: dict[str, str]) -> None:
    folder = tmp_path / "data" / "voice" / "conversations"
    hold(folder / "20261201-101500")
    options = ("--text", "--provider", "local", "--backend", "virtual", "--duration", "1", "--resume", "2026")
    with VoiceProcess(*options, "--record", str(tmp_path / "again"), environment=environment) as voice:
        assert voice.wait() == 0, voice.shown
    assert "Going on with the conversation 20261201-101500" in voice.shown
    assert not voice.of("error")
    told = (tmp_path / "again" / "session.jsonl").read_text(encoding="utf-8")
    assert QUESTION in told
    assert told.count('"sent": {"type": "conversation.item.create"') == 7
