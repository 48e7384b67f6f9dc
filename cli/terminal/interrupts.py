"""Ctrl+C from the program's first line to its last: the first one ends it in order, the second one at once.

Imports next to nothing: a Ctrl+C while the program loads must find this already at work.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType, TracebackType

EXIT_CODE = 130
"""As shells tell of a program that Ctrl+C ended."""
_IN_ORDER_S = 1.0
"""Time that an orderly end may still take after it was asked for twice."""


class Interrupts:
    """Counts Ctrl+C, and passes it on: as KeyboardInterrupt, or to whoever runs an event loop.

    An extension module may swallow the exception, or turn it into one of its own, so that the count is what counts.
    """

    def __init__(self) -> None:
        self.count = 0
        self.stop: Callable[[], object] | None = None
        """Called by the signal instead of raising KeyboardInterrupt."""
        self.restore: Callable[[], None] | None = None
        """Gives the terminal back before the program is left at once."""

    def exit_code(self, left: BaseException) -> int:
        """Return the exit code of a command that was left at a question: by Ctrl+C, or declined, as Ctrl+D does.

        Where a secret is asked for, Windows has Ctrl+C as a key: there is no signal, and Typer hides the exception.
        """
        is_key = isinstance(left, KeyboardInterrupt) or isinstance(left.__context__, KeyboardInterrupt)
        return EXIT_CODE if self.count or is_key else 1

    def install(self) -> None:
        """Take Ctrl+C from here on, unless the parent has it ignored, as a script does for a background job."""
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, self.take)
            sys.unraisablehook = _show_unless_interrupt
            sys.excepthook = _print_unless_interrupt

    def release(self) -> None:
        """Let the next Ctrl+C simply end the process: Python is about to end, and would print where."""
        if signal.getsignal(signal.SIGINT) == self.take:
            signal.signal(signal.SIGINT, signal.SIG_DFL)

    def take(self, _number: int, _frame: FrameType | None) -> None:
        """Handle the signal."""
        self.count += 1
        if self.stop is None:
            if self.count > 1:
                self._leave()
            raise KeyboardInterrupt
        if self.count == 2:
            leaving = threading.Timer(_IN_ORDER_S, self._leave)
            leaving.daemon = True
            leaving.start()
        self.stop()

    def _leave(self) -> None:
        try:
            if self.restore is not None:
                self.restore()
        finally:
            os._exit(EXIT_CODE)


def _show_unless_interrupt(unraisable: sys.UnraisableHookArgs) -> None:
    """Print what nobody can catch, but for a Ctrl+C within a callback of the interpreter's own: it is counted."""
    if unraisable.exc_type is not KeyboardInterrupt:
        sys.__unraisablehook__(unraisable)


def _print_unless_interrupt(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print what an extension prints, but for a Ctrl+C while it loads: `import_array` of NumPy's C API does so."""
    if kind is not KeyboardInterrupt:
        sys.__excepthook__(kind, error, trace)


INTERRUPTS = Interrupts()
