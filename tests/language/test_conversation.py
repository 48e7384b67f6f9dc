"""A whole conversation in Russian: in plain lines, and on the live screen at every width."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.cli.run.test_virtual import environment, question
from tests.language.test_commands import english_in
from tests.support.voice_process import VOICE

__all__ = ["environment"]

RUN = [VOICE, "run", "--backend", "virtual", "--provider", "local"]


def test_a_conversation_by_file_is_told_in_russian(tmp_path: Path, environment: dict[str, str]) -> None:
    spoken = question(tmp_path / "in.wav", "what is seven times eight")
    files = ("--input-file", str(spoken), "--output-file", str(tmp_path / "out.wav"))
    told = subprocess.run(
        [*RUN, *files], env={**environment, "VOICE_LANG": "ru"}, capture_output=True, text=True, check=True
    )
    assert "Вы:    what is seven times eight" in told.stdout
    assert "Агент: Seven times eight is 56." in told.stdout
    assert "Микрофон: /" in told.stderr
    assert "(первый звук через " in told.stderr
    assert "Конец (ввод закончился): 1 реплика за " in told.stderr
    assert english_in(told.stderr) == []


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is a thing of Unix")
def test_the_live_screen_is_russian_at_every_width(environment: dict[str, str]) -> None:
    from tests.support.terminal import Terminal  # noqa: PLC0415

    with Terminal(RUN, {**environment, "VOICE_LANG": "ru"}, columns=80, rows=24) as terminal:
        terminal.wait_to_see("^слушает")
        terminal.press("/volume -6\r")
        for columns in (120, 80, 40):
            terminal.resize(columns, 24)
            terminal.wait_until(
                lambda shown, columns=columns: (  # type: ignore[misc]
                    shown[-1].startswith("> F1 справка")
                    and "громкость -6 дБ" in " ".join(shown)
                    and any("мик ─" in row or "мик ━" in row for row in shown)
                    and all(cell_len(row) <= columns for row in shown)
                )
            )
        terminal.resize(80, 24)
        terminal.press("скажи 日本語 😀\r")
        terminal.wait_to_see("^Вы:    скажи 日本語 😀$")
        terminal.press("\t")
        terminal.wait_to_see("^микр. выкл")
        terminal.press("\x1bOP")
        terminal.wait_to_see("Ctrl[+]C, Ctrl[+]D, /quit +завершить разговор")
        terminal.press("/quit\r")
        shown = terminal.wait_for("(?s).*Конец [(]завершил пользователь[)]")[0]
        assert terminal.wait() == 0
        assert english_in(shown.replace("voice-local", "")) == []
