"""A command on a terminal of its own, as a person sits before it: keys go in, what is shown is waited for."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from types import TracebackType

_PATIENCE_S = 60.0
_TAKE_TERMINAL = "import os, sys; os.open(os.ttyname(0), os.O_RDWR); os.execvp(sys.argv[1], sys.argv[1:])"
"""The first terminal that the leader of a session opens is its own: so Ctrl+C becomes a signal."""
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """Runs a command on a pseudo-terminal of 100 columns and 30 lines.

    Example:
        >>> with Terminal(["voice", "devices", "pick"], environment) as terminal:
        ...     terminal.wait_for("Microphone")
        ...     terminal.press("\\r")
    """

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        self._before = termios.tcgetattr(slave)
        self._process = subprocess.Popen(
            [sys.executable, "-c", _TAKE_TERMINAL, *command],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**environment, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"},
            start_new_session=True,
        )
        self._slave = slave
        self.shown = ""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._slave)
        os.close(self._master)

    def press(self, keys: str) -> None:
        """Type; arrows are "\\x1b[A" and "\\x1b[B"."""
        os.write(self._master, keys.encode())

    def signal(self, number: signal.Signals) -> None:
        """Send the command a signal."""
        self._process.send_signal(number)

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Return once what has been shown since the last such call matches; it is then taken."""
        deadline_s = time.monotonic() + _PATIENCE_S
        while not (found := re.search(pattern, self.shown)):
            assert time.monotonic() < deadline_s, f"{pattern!r} was not shown:\n{self.shown[-3000:]}"
            self._read(0.2)
        self.shown = self.shown[found.end() :]
        return found

    def wait(self) -> int:
        """Return the exit code, once the command has ended; what it showed last stays in `shown`."""
        deadline_s = time.monotonic() + _PATIENCE_S
        while self._process.poll() is None:
            assert time.monotonic() < deadline_s, f"it does not end:\n{self.shown[-3000:]}"
            self._read(0.05)
        while self._read(0.0):
            pass
        return self._process.returncode

    @property
    def is_as_before(self) -> bool:
        """Whether the terminal's modes are those it had at the beginning."""
        return termios.tcgetattr(self._slave) == self._before

    def _read(self, timeout_s: float) -> bool:
        if not select.select([self._master], [], [], timeout_s)[0]:
            return False
        self.shown += _CONTROL.sub("", os.read(self._master, 1 << 16).decode(errors="replace"))
        return True
