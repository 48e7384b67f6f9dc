"""The engine's errors on the command line: options and commands in place of parameters, and an exit code for each."""

from __future__ import annotations

import re
import signal
import sys
from pathlib import Path

import pytest

from backends.portaudio import PortAudioFailure, explain
from cli import main
from cli.errors import COMMANDS, EXIT_CODES, exit_code, on_command_line
from cli.terminal.interrupts import EXIT_CODE
from engine import errors
from engine.audio.device.blame import REPAIR
from engine.audio.types import Device
from engine.config import Config
from engine.errors import AccessRefusedError, Advice, ModelRefusedError, SessionClosedError, VoiceError
from engine.realtime.protocol.close_codes import closed
from engine.realtime.providers.choose import choose_provider
from engine.realtime.recording.replay import replay

PAGE = Path(__file__).parents[2] / "docs" / "commands" / "voice.md"
KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, VoiceError)]


def test_every_kind_of_error_has_an_exit_code_of_its_own() -> None:
    # A special case of another error has that one's code.
    assert set(EXIT_CODES) == {kind for kind in KINDS if kind is VoiceError or kind.__base__ is VoiceError}
    assert len(set(EXIT_CODES.values())) == len(EXIT_CODES)
    # 0 is success; 126 and more belong to the shell and to signals.
    assert all(0 < code < 126 for code in EXIT_CODES.values())


def test_a_special_case_has_the_code_of_its_kind() -> None:
    assert exit_code(SessionClosedError("a", fix="b")) == 11
    assert exit_code(ModelRefusedError("a", fix="b")) == EXIT_CODES[AccessRefusedError] == 12


def test_the_manual_names_each_exit_code() -> None:
    documented = re.findall(r"\| (\d+) \| \S", PAGE.read_text(encoding="utf-8"))
    assert sorted(map(int, documented)) == [*sorted(EXIT_CODES.values()), EXIT_CODE]


def test_every_advice_has_its_command() -> None:
    assert set(COMMANDS) == set(Advice)
    assert all(command.startswith("`voice ") or " `voice " in command for command in COMMANDS.values())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (REPAIR, "Repair or remove it, or choose another with --backend."),
        ('Use `backend="virtual"` with files.', "Use --backend virtual with files."),
        ("If so, try `output_rate=24000`.", "If so, try --output-rate 24000."),
        ("Take another (`input=`), such as yours.", "Take another (--input), such as yours."),
        (f"Check the network. {Advice.AGAIN}", "Check the network. Run `voice run` again."),
        ('Run `chmod 600 FILE`, or write a="b" in `[audio]`.', 'Run `chmod 600 FILE`, or write a="b" in `[audio]`.'),
    ],
)
def test_parameters_are_shown_as_options_and_nothing_else_is(text: str, shown: str) -> None:
    assert on_command_line(text) == shown


def test_errors_of_all_floors_name_commands() -> None:
    card = Device(0, "USB Audio", "ALSA", 1, 1, 48000, is_default_input=True, is_default_output=True)
    assert "`voice devices` lists them" in on_command_line(explain(PortAudioFailure(-9985, "busy"), card).fix)
    assert on_command_line(closed(1000, "").fix) == "Run `voice run` again."
    with pytest.raises(VoiceError) as unreadable:
        list(replay(Path("no such recording")))
    assert "`voice run --record`" in on_command_line(unreadable.value.fix)


def test_the_command_ends_with_the_sentence_the_advice_and_the_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> None:
        choose_provider("local", None, {}, Config(), model="other")

    handler = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr("cli.app.app", refuse)
    monkeypatch.setattr(sys, "argv", ["voice"])
    try:
        with pytest.raises(SystemExit) as ended:
            main.main()
    finally:  # the command leaves Ctrl+C to the system, since the program is over
        signal.signal(signal.SIGINT, handler)
    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines() == [
        "voice: The embedded server has only one model.",
        "  Leave --model out, or choose another provider with --provider.",
    ]
