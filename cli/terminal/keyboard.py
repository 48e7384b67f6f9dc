"""The keyboard during a conversation: keys as they come, in the event loop; the terminal is as before afterwards."""

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
    REPORT_NO_PASTES,
    REPORT_NO_RELEASES,
    REPORT_PASTES,
    REPORT_RELEASES,
    Key,
    KeyParser,
    KnowsReleases,
    key_of,
)
from cli.terminal.typed_ahead import TYPED_AHEAD

_SHOW_CURSOR = "\x1b[?25h"
_SETTLE_S = 0.05
"""After an escape that came alone: the key itself, or the first byte of a sequence on a slow line."""

if sys.platform == "win32":
    import threading

    from blessed import Terminal

    _POLL_S = 0.1

    @contextlib.contextmanager
    def keyboard(
        take: Callable[[Key | KnowsReleases], None],
        send: Callable[[str], None],
        *,
        releases: bool,
        leave: Callable[[], None],
    ) -> Iterator[None]:
        """Hand keys to `take` until the block ends; this system's console reports no releases."""
        loop = asyncio.get_running_loop()
        ended = threading.Event()

        def read() -> None:
            terminal = Terminal(force_styling=None)  # it asks the terminal nothing
            while not ended.is_set():
                for key in key_of(terminal.inkey(timeout=_POLL_S)):
                    loop.call_soon_threadsafe(take, key)

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

    @contextlib.contextmanager
    def keyboard(
        take: Callable[[Key | KnowsReleases], None],
        send: Callable[[str], None],
        *,
        releases: bool,
        leave: Callable[[], None],
    ) -> Iterator[None]:
        """Hand keys to `take` until the block ends.

        Args:
            take: Called in the loop.
            send: Tells the terminal something.
            releases: Ask for the releases of keys; `KnowsReleases` comes first where there are any.
            leave: Called before the shell gets the terminal for a while.
        """
        TYPED_AHEAD.show()  # the modes of before are those that are given back
        terminal = _Terminal(take, send, releases, leave)
        loop = asyncio.get_running_loop()
        terminal.take_over()
        INTERRUPTS.restore = lambda: terminal.give_back(_write_now)
        try:
            loop.add_reader(terminal.descriptor, terminal.read)
            # Not the loop's: its going would take away what wakes the loop for other signals.
            before = signal.signal(signal.SIGTSTP, lambda *_: loop.call_soon_threadsafe(terminal.suspend))
            yield
        finally:
            INTERRUPTS.restore = None
            signal.signal(signal.SIGTSTP, before)
            loop.remove_reader(terminal.descriptor)
            terminal.give_back()

    def _write_now(control: str) -> None:
        """Tell the terminal, unless it takes nothing: no thread lives to do it when the program is left at once."""
        if select.select([], [2], [], 0)[1]:
            os.write(2, control.encode())

    class _Terminal:
        def __init__(
            self,
            take: Callable[[Key | KnowsReleases], None],
            send: Callable[[str], None],
            releases: bool,
            leave: Callable[[], None],
        ) -> None:
            self.descriptor = sys.stdin.fileno()
            self._take = take
            self._send = send
            self._releases = releases
            self._leave = leave
            self._reports = False
            self._stream = KeyParser()
            self._settling: asyncio.TimerHandle | None = None
            self._before = termios.tcgetattr(self.descriptor)

        def take_over(self) -> None:
            """Keys without echo and without waiting for the end of a line; Ctrl+C stays a signal.

            What was typed before is not thrown away.
            """
            tty.setcbreak(self.descriptor, termios.TCSANOW)
            self._send(REPORT_PASTES + (ASK_FOR_RELEASES if self._releases else ""))

        def give_back(self, send: Callable[[str], None] | None = None) -> None:
            """Leave everything as it was; `send` goes another way to the terminal."""
            if self._settling is not None:
                self._settling.cancel()
            (send or self._send)(REPORT_NO_PASTES + _SHOW_CURSOR + (REPORT_NO_RELEASES if self._reports else ""))
            self._reports = False
            termios.tcsetattr(self.descriptor, termios.TCSANOW, self._before)

        def suspend(self) -> None:
            """Ctrl+Z: the shell gets its terminal as it was, and we ours when we go on."""
            self.give_back()
            self._leave()
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
            for key in self._stream.feed(data):
                if isinstance(key, KnowsReleases) and not self._reports:
                    self._reports = True
                    self._send(REPORT_RELEASES)
                self._take(key)
            if self._stream.waits:
                self._settling = asyncio.get_running_loop().call_later(_SETTLE_S, self._settle)

        def _settle(self) -> None:
            for key in self._stream.settle():
                self._take(key)
