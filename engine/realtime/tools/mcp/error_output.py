"""Standard error of a server process: kept out of the person's terminal, its last lines remembered."""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from collections.abc import Callable
from types import TracebackType

_LINES = 20
_LINE_CHARS = 500
_PATIENCE_S = 0.5
_log = logging.getLogger(__name__)


class ErrorOutput:
    """A pipe with a thread that reads it, so that a talkative process never waits.

    Example:
        >>> import subprocess, sys
        >>> with ErrorOutput("files", str.strip) as errors:
        ...     _ = subprocess.run([sys.executable, "-c", "exit('files: no such folder')"], stderr=errors.file)
        >>> errors.last_line()
        'files: no such folder'
    """

    def __init__(self, name: str, scrub: Callable[[str], str]) -> None:
        self._name = name
        self._scrub = scrub
        self._lines: deque[str] = deque(maxlen=_LINES)

    def __enter__(self) -> ErrorOutput:
        reading, writing = os.pipe()
        self.file = os.fdopen(writing, "w")
        self._thread = threading.Thread(target=self._read, args=(reading,), name="voice-mcp-stderr", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.file.close()

    def last_line(self) -> str:
        """The last line that says something, once the process has ended; waits half a second at most for it."""
        self._thread.join(_PATIENCE_S)
        return next((line for line in reversed(self._lines) if line), "")

    def _read(self, descriptor: int) -> None:
        with os.fdopen(descriptor, "r", encoding="utf-8", errors="replace") as pipe:
            while line := pipe.readline(_LINE_CHARS):
                self._lines.append(self._scrub(line.strip()))
                _log.debug("%s: %s", self._name, self._lines[-1])
