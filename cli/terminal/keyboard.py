"""The keyboard during a conversation: strokes as they come, in the event loop; the terminal is as before afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import sys
from collections.abc import Callable, Iterator

from cli.terminal.interrupts import INTERRUPTS
from cli.terminal.key_parser import (
    ASK_FOR_RELEASES,
    REPORT_NO_RELEASES,
    REPORT_RELEASES,
    KeyParser,
    KeyStroke,
    KnowsReleases,
)

_SETTLE_S = 0.05
"""After an escape that came alone: the key itself, or the first byte of a sequence on a slow line."""

if sys.platform == "win32":
    import msvcrt
    import threading
    import time

    _POLL_S = 0.02

    def has_keyboard() -> bool:
        """Whether there is a terminal to read keys from."""
        return sys.stdin is not None and sys.stdin.isatty()

    @contextlib.contextmanager
    def keyboard(
        take: Callable[[KeyStroke | KnowsReleases], None], send: Callable[[str], None], *, releases: bool
    ) -> Iterator[None]:
        """Hand strokes to `take` until the block ends; this system's console reports no releases."""
        loop = asyncio.get_running_loop()
        ended = threading.Event()

        def read() -> None:
            stream = KeyParser()
            while not ended.is_set():
                if not msvcrt.kbhit():
                    time.sleep(_POLL_S)
                elif (character := msvcrt.getwch()) in ("\x00", "\xe0"):
                    msvcrt.getwch()
                else:
                    for stroke in [*stream.feed(character.encode("utf-8", "replace")), *stream.settle()]:
                        loop.call_soon_threadsafe(take, stroke)

        thread = threading.Thread(target=read, name="voice-keyboard", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

else:
    import termios
    import tty

    def has_keyboard() -> bool:
        """Whether there is a terminal to read keys from; one that another program in front of us reads is none."""
        try:
            descriptor = sys.stdin.fileno()
            return os.isatty(descriptor) and os.tcgetpgrp(descriptor) == os.getpgrp()
        except (OSError, ValueError, AttributeError):
            return False

    @contextlib.contextmanager
    def keyboard(
        take: Callable[[KeyStroke | KnowsReleases], None], send: Callable[[str], None], *, releases: bool
    ) -> Iterator[None]:
        """Hand strokes to `take` until the block ends.

        Args:
            take: Called in the loop.
            send: Tells the terminal something.
            releases: Ask for the releases of keys; `KnowsReleases` comes first where there are any.
        """
        terminal = _Terminal(take, send, releases)
        loop = asyncio.get_running_loop()
        terminal.take_over()
        INTERRUPTS.restore = lambda: terminal.give_back(_write_now)
        try:
            loop.add_reader(terminal.descriptor, terminal.read)
            loop.add_signal_handler(signal.SIGTSTP, terminal.suspend)
            yield
        finally:
            INTERRUPTS.restore = None
            loop.remove_signal_handler(signal.SIGTSTP)
            loop.remove_reader(terminal.descriptor)
            terminal.give_back()

    def _write_now(control: str) -> None:
        """Tell the terminal, unless it takes nothing: no thread lives to do it when the program is left at once."""
        if select.select([], [2], [], 0)[1]:
            os.write(2, control.encode())

    class _Terminal:
        def __init__(
            self, take: Callable[[KeyStroke | KnowsReleases], None], send: Callable[[str], None], releases: bool
        ) -> None:
            self.descriptor = sys.stdin.fileno()
            self._take = take
            self._send = send
            self._releases = releases
            self._reports = False
            self._stream = KeyParser()
            self._settling: asyncio.TimerHandle | None = None
            self._before = termios.tcgetattr(self.descriptor)

        def take_over(self) -> None:
            """Keys without echo and without waiting for the end of a line; Ctrl+C stays a signal.

            What was typed before is not thrown away.
            """
            tty.setcbreak(self.descriptor, termios.TCSANOW)
            if self._releases:
                self._send(ASK_FOR_RELEASES)

        def give_back(self, send: Callable[[str], None] | None = None) -> None:
            """Leave everything as it was; `send` goes another way to the terminal."""
            if self._settling is not None:
                self._settling.cancel()
            if self._reports:
                self._reports = False
                (send or self._send)(REPORT_NO_RELEASES)
            termios.tcsetattr(self.descriptor, termios.TCSANOW, self._before)

        def suspend(self) -> None:
            """Ctrl+Z: the shell gets its terminal as it was, and we ours when we go on."""
            self.give_back()
            os.kill(os.getpid(), signal.SIGSTOP)
            self.take_over()

        def read(self) -> None:
            """Take what has come."""
            try:
                data = os.read(self.descriptor, 1024)
            except OSError:
                data = b""
            if not data:  # the terminal is gone
                asyncio.get_running_loop().remove_reader(self.descriptor)
                return
            if self._settling is not None:
                self._settling.cancel()
            for stroke in self._stream.feed(data):
                if isinstance(stroke, KnowsReleases) and not self._reports:
                    self._reports = True
                    self._send(REPORT_RELEASES)
                self._take(stroke)
            if self._stream.waits:
                self._settling = asyncio.get_running_loop().call_later(_SETTLE_S, self._settle)

        def _settle(self) -> None:
            for stroke in self._stream.settle():
                self._take(stroke)
