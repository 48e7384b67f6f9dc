"""A command that runs until it is stopped, whose lines the test follows."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Callable
from types import TracebackType

_PATIENCE_S = 60.0


class LineProcess:
    """Runs a command and collects the lines of its standard output and of its standard error.

    Example:
        >>> with LineProcess([VOICE, "devices", "watch"], environment) as watching:
        ...     watching.wait_for(lambda line: "arrived" in line)
        ...     assert watching.interrupt() == 0
    """

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True
        )
        self.lines: list[str] = []
        self.errors: list[str] = []
        self._changed = threading.Condition()
        pipes = ((self._process.stdout, self.lines), (self._process.stderr, self.errors))
        self._threads = [threading.Thread(target=self._read, args=pair, daemon=True) for pair in pipes]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> LineProcess:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._process.kill()
        self._join()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def wait_for(self, fits: Callable[[str], bool], *, on_stderr: bool = False) -> str:
        """Return the first line that fits, once it is there."""
        lines = self.errors if on_stderr else self.lines
        with self._changed:
            self._changed.wait_for(lambda: any(map(fits, lines)), _PATIENCE_S)
            found = next(filter(fits, lines), None)
        assert found is not None, f"{self.lines}\n{self.errors}"
        return found

    def interrupt(self) -> int:
        """Press Ctrl+C and return the exit code."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(_PATIENCE_S)
        self._join()
        return self._process.returncode

    def _join(self) -> None:
        self._process.wait()
        for thread in self._threads:
            thread.join(10)
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def _read(self, pipe: object, lines: list[str]) -> None:
        for line in pipe:  # type: ignore[attr-defined]
            with self._changed:
                lines.append(line.rstrip("\n"))
                self._changed.notify_all()
