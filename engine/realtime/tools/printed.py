"""Printed lines of a process that runs tools: kept out of the person's terminal, logged, the last ones remembered."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType

_LINES = 20
_LINE_CHARS = 500
_PATIENCE_S = 0.5
_READ_BYTES = 1 << 16
_FLOOD_PAUSE_S = 0.1
"""After a read that had more lines than are logged: a process that prints without end takes no time of the session."""
_log = logging.getLogger(__name__)


class Printed:
    """A pipe with a thread that reads it, so that a talkative process never waits for long.

    Example:
        >>> import subprocess, sys
        >>> with Printed("files", str.strip) as printed:
        ...     _ = subprocess.run([sys.executable, "-c", "exit('files: no such folder')"], stderr=printed.file)
        >>> printed.last_line()
        'files: no such folder'
    """

    def __init__(self, name: str, scrub: Callable[[str], str], level: int = logging.DEBUG) -> None:
        self._name = name
        self._scrub = scrub
        self._level = level
        self._lines: deque[str] = deque(maxlen=_LINES)

    def __enter__(self) -> Printed:
        reading, writing = os.pipe()
        self.file = os.fdopen(writing, "w")
        self._thread = threading.Thread(target=self._read, args=(reading,), name="voice-printed", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.file.close()

    def last_line(self) -> str:
        """The last line that says something, once the process has ended; waits half a second at most for it."""
        self._thread.join(_PATIENCE_S)
        return next((line.strip() for line in reversed(self._lines) if line), "")

    def _read(self, descriptor: int) -> None:
        with os.fdopen(descriptor, "rb", buffering=0) as pipe:
            rest = b""
            while data := pipe.read(_READ_BYTES):
                *lines, rest = (rest + data).split(b"\n")
                if len(rest) > _READ_BYTES:
                    lines, rest = [*lines, rest], b""
                self._take(lines)
                if len(lines) > _LINES:
                    time.sleep(_FLOOD_PAUSE_S)
            self._take([rest] if rest else [])

    def _take(self, lines: list[bytes]) -> None:
        left_out = len(lines) - _LINES
        texts = [self._scrub(line.decode(errors="replace").rstrip())[:_LINE_CHARS] for line in lines[-_LINES:]]
        self._lines.extend(texts)
        for text in [f"({left_out} lines more)", *texts] if left_out > 0 else texts:
            _log.log(self._level, "%s: %s", self._name, text)
