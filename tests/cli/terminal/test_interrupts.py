"""Ctrl+C and its kin: those the parent ignores stay ignored, and the second one ends the program whatever hangs."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from unittest.mock import Mock

import pytest
import typer

from cli.terminal.interrupts import INTERRUPTS
from cli.terminal.signals import stop_signals

if sys.platform == "win32":
    pytest.skip("signals and terminals as Unix has them", allow_module_level=True)

from tests.support.terminal import Terminal
from tests.support.voice_process import VOICE

LEFT_AT_ONCE = """
import asyncio, signal
from cli.terminal.interrupts import INTERRUPTS
from cli.terminal.keyboard import keyboard

async def main():
    known = asyncio.Event()
    # The thread that writes to the terminal does not come to it any more.
    with keyboard(lambda _: known.set(), lambda _: None, releases=True, leave=lambda: None):
        print("ready", flush=True)
        await known.wait()
        INTERRUPTS.count = 1
        signal.raise_signal(signal.SIGINT)

INTERRUPTS.install()
asyncio.run(main())
"""
CLOSE_HANGS = """
import sys, threading
from backends.virtual import VirtualBackend
from backends.virtual_stream import VirtualStream
from engine.audio.session_audio import SessionAudio

def close(_):
    print("closing", file=sys.stderr, flush=True)
    threading.Event().wait()

{} = close
from cli.main import main
main()
"""


@contextlib.contextmanager
def interrupted_in(hanging: str) -> Iterator[subprocess.Popen[str]]:
    """A conversation that has got its first Ctrl+C and hangs in this method."""
    command = [sys.executable, "-c", CLOSE_HANGS.format(hanging), "run", "--provider", "local", "--backend", "virtual"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as run:
        assert run.stderr is not None
        assert any(line.startswith("Session ") for line in run.stderr)
        run.send_signal(signal.SIGINT)
        assert any(line == "closing\n" for line in run.stderr)
        yield run


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP, signal.SIGTERM])
async def test_a_signal_that_the_parent_ignores_stays_ignored(number: signal.Signals) -> None:
    before = signal.signal(number, signal.SIG_IGN)
    try:
        with stop_signals(lambda: None):
            assert signal.getsignal(number) is signal.SIG_IGN
        assert signal.getsignal(number) is signal.SIG_IGN
    finally:
        signal.signal(number, before)


def test_a_program_that_is_left_at_once_asks_the_terminal_for_no_more_releases() -> None:
    with Terminal([sys.executable, "-c", LEFT_AT_ONCE], {**os.environ}) as terminal:
        terminal.wait_for("ready")
        terminal.press("\x1b[?0u")
        assert terminal.wait() == 130
        assert terminal.sent.endswith("\x1b[?2004l\x1b[?25h\x1b[<u")
        assert terminal.is_as_before


@pytest.mark.parametrize(("key", "code"), [("\x03", 130), ("\x04", 1)], ids=["Ctrl+C", "Ctrl+D"])
def test_ctrl_c_at_a_question_ends_as_ctrl_c_does(key: str, code: int) -> None:
    with Terminal([VOICE, "config", "set", "keys.openai_api_key"], {**os.environ, "VOICE_LANG": "en"}) as terminal:
        terminal.wait_for("openai_api_key: ")
        terminal.answer(key)
        terminal.wait_for("Aborted")
        assert terminal.wait() == code


def test_what_hangs_while_it_closes_is_left_behind_by_the_first_ctrl_c() -> None:
    """The stream and the library, each after 0.6 s; it was after six."""
    with interrupted_in("VirtualStream.close = VirtualBackend.close") as run:
        began_s = time.monotonic()
        assert run.wait(30) == 0
        assert time.monotonic() - began_s < 5
        assert run.stderr is not None
        assert any(line.startswith("End (ended by the user)") for line in run.stderr)


def test_a_loop_that_hangs_is_left_a_second_after_the_second_ctrl_c() -> None:
    with interrupted_in("SessionAudio.aclose") as run:
        run.send_signal(signal.SIGINT)
        began_s = time.monotonic()
        assert run.wait(30) == 130
        assert time.monotonic() - began_s < 4


async def test_a_ctrl_c_that_was_swallowed_before_there_was_a_loop_ends_what_the_loop_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(INTERRUPTS, "count", 1)
    stopped = asyncio.Event()
    async with asyncio.timeout(20):
        with stop_signals(stopped.set):
            await stopped.wait()


async def test_a_signal_wakes_a_loop_that_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that comes between Python's last look and the wait, as one that another thread takes, interrupts nothing."""

    waiting_in = threading.get_ident()

    def signal_itself() -> None:
        while sys._current_frames()[waiting_in].f_code.co_name != "select":
            pass
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

    for _ in range(20):
        monkeypatch.setattr(INTERRUPTS, "count", 0)  # the second one would end the process
        stopped = asyncio.Event()
        with stop_signals(stopped.set):
            threading.Thread(target=signal_itself).start()
            async with asyncio.timeout(20):
                await stopped.wait()


def test_a_ctrl_c_within_a_callback_of_the_interpreter_prints_nothing() -> None:
    program = """
import signal
from cli.terminal.interrupts import INTERRUPTS

class Held:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)

INTERRUPTS.install()
Held()
assert INTERRUPTS.count == 1
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")


def test_a_ctrl_c_that_an_extension_prints_while_it_loads_prints_nothing() -> None:
    program = """
import ctypes, signal
from cli.terminal.interrupts import INTERRUPTS

INTERRUPTS.install()
# Prints an error, as NumPy's `import_array` does.
ctypes.pythonapi.PyRun_SimpleString(b"signal.raise_signal(signal.SIGINT)")
assert INTERRUPTS.count == 1
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert run.stderr == ""


@pytest.mark.parametrize(("pressed", "code"), [(KeyboardInterrupt, 130), (EOFError, 1)])
def test_ctrl_c_as_a_key_of_a_hidden_question_is_no_refusal(
    monkeypatch: pytest.MonkeyPatch, pressed: type[BaseException], code: int
) -> None:
    monkeypatch.setattr(INTERRUPTS, "count", 0)
    monkeypatch.setattr(getpass, "getpass", Mock(side_effect=pressed))
    with pytest.raises(typer.Abort) as left:
        typer.prompt("Key", hide_input=True)
    assert INTERRUPTS.exit_code(left.value) == code
