"""Keys typed while a conversation starts: unseen until its keyboard takes them, thrown away where none does."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

from cli.terminal.interrupts import INTERRUPTS
from cli.terminal.presence import has_keyboard

if sys.platform != "win32":
    import termios
    import tty


class TypedAhead:
    """Hides them; Windows' console shows none of them, and gives them to nobody else."""

    def __init__(self) -> None:
        self._before: list[Any] | None = None
        """Modes of the terminal as they were."""
        self._handlers: dict[signal.Signals, Any] = {}
        """Those of the signals that end or stop the process, as they were."""

    @contextlib.contextmanager
    def kept(self, *, hidden: bool) -> Iterator[None]:
        """Keep what is typed for whoever reads it in this block; of one that fails, the shell would run it."""
        if not has_keyboard():
            yield
            return
        try:
            if hidden:
                self._hide()
            yield
        except BaseException:
            self._throw_away()
            raise
        finally:
            INTERRUPTS.restore = None
            self.show()
            while self._handlers:
                signal.signal(*self._handlers.popitem())

    def _hide(self) -> None:
        if sys.platform != "win32":
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGTSTP):
                if signal.getsignal(number) is signal.SIG_DFL:
                    self._handlers[number] = signal.signal(number, self._leave)
            self._set_modes()

    def _set_modes(self) -> None:
        if sys.platform != "win32":
            self._before, INTERRUPTS.restore = termios.tcgetattr(sys.stdin.fileno()), self.show
            tty.setcbreak(sys.stdin.fileno(), termios.TCSANOW)

    def _leave(self, number: int, _frame: FrameType | None) -> None:
        """End or stop as the signal does by itself, with the terminal as it was; go on hiding after a stop."""
        was_hidden = self._before is not None
        self.show()
        handler = signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        signal.signal(number, handler)
        if was_hidden and has_keyboard():
            self._set_modes()

    def show(self) -> None:
        """Give the terminal its modes back."""
        before, self._before = self._before, None
        if sys.platform != "win32" and before is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(sys.stdin.fileno(), termios.TCSANOW, before)

    @staticmethod
    def _throw_away() -> None:
        if sys.platform != "win32":
            with contextlib.suppress(termios.error):  # it is gone
                termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)


TYPED_AHEAD = TypedAhead()
