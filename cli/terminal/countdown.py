"""Shows how the time that is left goes down while a benchmark's case runs for a minute, beneath what has been told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType

from cli.terminal.live_area import LiveArea

_LIVE_S = 1.0
_PLAIN_S = 15.0
"""Rhythm without a live line, such as in a file: often enough to see that it goes on."""


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
        while not self._over.wait(_LIVE_S if self._line.is_terminal else _PLAIN_S):
            if self._line.is_terminal:
                self._line.show(self._text())
            else:
                self._line.write(self._text())
