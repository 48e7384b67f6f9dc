"""`voice run` at a terminal, or with standard input piped: typing, talking, muting, and the terminal afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cli.errors import EXIT_CODES
from engine.errors import NoDeviceError
from tests.support.voice_process import VOICE

if sys.platform == "win32":
    pytest.skip("a pseudo-terminal is a thing of Unix", allow_module_level=True)

from tests.support.terminal import Terminal

RUN = [VOICE, "run", "--backend", "virtual", "--provider", "local"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """No configuration of the person's."""
    return {**os.environ, "VOICE_CONFIG": "", "XDG_CONFIG_HOME": str(tmp_path)}


def test_what_is_typed_is_answered_and_the_terminal_is_as_before(environment: dict[str, str]) -> None:
    with Terminal(RUN, environment) as terminal:
        terminal.wait_to_see("^listening")
        terminal.press("what is seven times eight\r")
        terminal.wait_to_see("You: +what is seven times eight")
        terminal.wait_to_see(r"Agent: .*56\.")
        terminal.press("\t")
        terminal.wait_to_see("^muted")
        terminal.press("/quit\r")
        assert terminal.wait() == 0
        assert any(row.startswith("End (ended by the user): 1 turn") for row in terminal.rows)
        assert terminal.is_as_before


def test_space_talks_and_a_terminal_that_knows_releases_is_asked_for_them(environment: dict[str, str]) -> None:
    with Terminal([*RUN, "--turns", "none"], environment) as terminal:
        terminal.wait_to_see("tap Space to talk")
        terminal.press(" ")
        terminal.wait_to_see("^you ")
        terminal.press(" ")
        terminal.wait_to_see("tap Space to talk")
        terminal.press("\x1b[?0u")
        terminal.wait_to_see("hold Space to talk")
        terminal.press("\x1b[32;1:1u")
        terminal.wait_to_see("^you ")
        terminal.press("\x1b[32;1:3u")
        terminal.wait_to_see("hold Space to talk")
        # Ctrl+C as such a terminal sends it.
        terminal.press("\x1b[99;5u")
        assert terminal.wait() == 0
        assert terminal.is_as_before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_leaves_the_terminal_as_before(environment: dict[str, str], number: signal.Signals) -> None:
    with Terminal(RUN, environment) as terminal:
        terminal.wait_to_see("^listening")
        assert not terminal.is_as_before
        terminal.signal(number)
        assert terminal.wait() == 0
        assert terminal.is_as_before


def test_an_error_leaves_the_terminal_as_before(environment: dict[str, str]) -> None:
    with Terminal([*RUN, "--url", "ws://127.0.0.1:1/"], environment) as terminal:
        assert terminal.wait() == 11
        assert terminal.is_as_before


def test_lines_of_a_pipe_are_said_one_after_the_other(environment: dict[str, str]) -> None:
    run = subprocess.run(
        [*RUN, "--text"],
        input="\ufeffwhat is seven times eight\n\nПривет".encode(),
        env=environment,
        capture_output=True,
        check=False,
        timeout=120,
    )
    shown = run.stdout.decode()
    assert run.returncode == 0, run.stderr
    assert "56" in shown
    assert shown.index("56") < shown.index("Привет") < shown.index("Здравствуйте")
    assert shown.splitlines()[0] == "You:   what is seven times eight"  # the conversation and nothing else
    assert b"2 turns" in run.stderr
    assert b"\x1b" not in run.stdout + run.stderr


def test_a_session_that_ends_before_its_lines_does_so_without_a_word(environment: dict[str, str]) -> None:
    lines = b"hello\n" * 100_000
    command = [*RUN, "--text", "--duration", "2"]
    run = subprocess.run(command, input=lines, env=environment, capture_output=True, check=False, timeout=60)
    assert run.returncode == 0
    assert b"Traceback" not in run.stderr
    assert b"Warning" not in run.stderr


def test_text_needs_no_sound_card_though_the_configuration_names_devices(
    environment: dict[str, str], tmp_path: Path
) -> None:
    config = tmp_path / "devices.toml"
    config.write_text('[audio]\ninput = "usb"\noutput = "headphones"\n')
    without_card = {**environment, "VOICE_CONFIG": str(config), "ALSA_CONFIG_PATH": "/dev/null"}
    command = [VOICE, "run", "--text"]
    run = subprocess.run(command, input=b"hello", env=without_card, capture_output=True, check=False, timeout=60)
    assert run.returncode == 0, run.stderr
    assert b"1 turn " in run.stderr
    named = subprocess.run(
        [*command, "--input", "usb"], input=b"hello", env=without_card, capture_output=True, check=False, timeout=60
    )
    assert named.returncode == EXIT_CODES[NoDeviceError]
    assert b"no sound card" in named.stderr


def test_push_to_talk_without_a_terminal_says_what_to_do_instead(environment: dict[str, str]) -> None:
    run = subprocess.run(
        [*RUN, "--turns", "none"],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert "needs a terminal" in run.stderr
    assert "--text" in run.stderr


def test_text_and_a_file_exclude_each_other(environment: dict[str, str]) -> None:
    run = subprocess.run(
        [*RUN, "--text", "--input-file", "-"], env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 2
    assert "exclude each other" in run.stderr
