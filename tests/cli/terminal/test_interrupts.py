"""Ctrl+C and its kin: those the parent ignores stay ignored, and the second one ends the program whatever hangs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from cli.terminal.signals import stop_signals

if sys.platform == "win32":
    pytest.skip("signals and terminals as Unix has them", allow_module_level=True)

from tests.support.terminal import Terminal

LEFT_AT_ONCE = """
import asyncio, signal
from cli.terminal.interrupts import INTERRUPTS
from cli.terminal.keyboard import keyboard

async def main():
    known = asyncio.Event()
    # The thread that writes to the terminal does not come to it any more.
    with keyboard(lambda _: known.set(), lambda _: None, releases=True):
        print("ready", flush=True)
        await known.wait()
        INTERRUPTS.count = 1
        signal.raise_signal(signal.SIGINT)

INTERRUPTS.install()
asyncio.run(main())
"""
CLOSE_HANGS = """
import sys, threading
from backends.virtual_stream import VirtualStream

def close(_):
    print("closing", file=sys.stderr, flush=True)
    threading.Event().wait()

VirtualStream.close = close
from cli.main import main
main()
"""


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
        assert terminal.shown.endswith("\x1b[<u")
        assert terminal.is_as_before


def test_a_stream_whose_close_hangs_is_left_a_second_after_the_second_ctrl_c() -> None:
    command = [sys.executable, "-c", CLOSE_HANGS, "run", "--provider", "local", "--backend", "virtual"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as run:
        assert run.stderr is not None
        assert any(line.startswith("Session ") for line in run.stderr)
        run.send_signal(signal.SIGINT)
        assert any(line == "closing\n" for line in run.stderr)
        run.send_signal(signal.SIGINT)
        began_s = time.monotonic()
        assert run.wait(30) == 130
        assert time.monotonic() - began_s < 4
