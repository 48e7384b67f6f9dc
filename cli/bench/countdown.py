"""Shows the time while a benchmark's case runs, beneath what has been printed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType

from cli.terminal.live_area import LiveArea

_LIVE_S = 1.0
_PLAIN_S = 60.0
"""Interval without a live line, such as in a file: few lines, but a sign that it goes on."""


class Countdown:
    """Calls `text` from its own thread until the block ends: a live line on a terminal, else a line now and then.

    A second's wake-up is too rare to be seen in any figure.
    """

    def __init__(self, line: LiveArea, text: Callable[[], str]) -> None:
        self._line = line
        self._text = text
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="voice-countdown", daemon=True)

    def __enter__(self) -> Countdown:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()
        self._line.close()

    def _run(self) -> None:
        if not self._line.is_terminal:
            while not self._over.wait(_PLAIN_S):
                self._line.write(self._text())
            return
        self._line.show(self._text())
        while not self._over.wait(_LIVE_S):
            self._line.show(self._text())
