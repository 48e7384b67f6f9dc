"""A command on a terminal of its own, as a person sits before it: keys go in, what is shown is waited for.

`shown` is everything that was ever printed; `rows` and `history` are what an emulator makes of it.
"""

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
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import pyte

_PATIENCE_S = 60.0
_TAKE_TERMINAL = "import os, sys; os.open(os.ttyname(0), os.O_RDWR); os.execvp(sys.argv[1], sys.argv[1:])"
"""The first terminal that the leader of a session opens is its own: so Ctrl+C becomes a signal."""
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_KITTY = re.compile(rb"\x1b\[[<>?][0-9;]*u")
"""The emulator takes these for text."""


class Terminal:
    """Runs a command on a pseudo-terminal; the emulator wraps nothing anew when it is resized, as xterm does not.

    Example:
        >>> with Terminal(["voice", "devices", "pick"], environment) as terminal:
        ...     terminal.wait_for("Microphone")
        ...     terminal.press("\\r")
    """

    def __init__(self, command: list[str], environment: dict[str, str], *, columns: int = 100, rows: int = 30) -> None:
        self._master, slave = _open_pair()
        self._screen = pyte.HistoryScreen(columns, rows, history=5000, ratio=0.001)
        self._emulator = pyte.ByteStream(self._screen)
        _set_size(slave, rows, columns)
        self._before = _modes(slave)
        own_size = {name: value for name, value in environment.items() if name not in ("COLUMNS", "LINES")}
        self._process = subprocess.Popen(
            [sys.executable, "-c", _TAKE_TERMINAL, *command],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={"TERM": "xterm-256color", "XTERM_VERSION": "XTerm(390)", **own_size},
            start_new_session=True,
        )
        self._slave = slave
        self.shown = self.sent = ""
        """Text printed since the last wait, without the control sequences and with them."""

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

    def answer(self, keys: str) -> None:
        """Type once the command waits: a Ctrl+C between its question and its reading would wait for another key."""
        stat, deadline_s = Path(f"/proc/{self._process.pid}/stat"), time.monotonic() + _PATIENCE_S
        while stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "S":
            assert time.monotonic() < deadline_s, "it does not wait for an answer"
            self._read(0.01)
        self.press(keys)

    @property
    def rows(self) -> list[str]:
        """Rows of the screen, without the empty ones at the end."""
        return "\n".join(row.rstrip() for row in self._screen.display).rstrip().split("\n")

    @property
    def history(self) -> list[str]:
        """Rows that have scrolled away above, and the screen below them."""
        above = ["".join(row[at].data for at in range(self._screen.columns)) for row in self._screen.history.top]
        return [*(row.rstrip() for row in above), *self.rows]

    def cell(self, text: str) -> pyte.screens.Char:
        """Return the first character of a text that stands on the screen, with its style."""
        row = next(at for at, row in enumerate(self._screen.display) if text in row)
        return self._screen.buffer[row][self._screen.display[row].index(text)]

    def resize(self, columns: int, rows: int) -> None:
        """Change the size of the terminal's window; what is above the cursor scrolls away where it has to."""
        screen = self._screen
        at = screen.cursor.y
        screen.cursor.y = screen.lines - 1
        for _ in range(at + 1 - rows):
            screen.index()
        screen.cursor.y = min(at, rows - 1)
        for row in range(rows, screen.lines):
            screen.buffer.pop(row, None)
        screen.lines = rows
        screen.resize(rows, columns)
        _set_size(self._slave, rows, columns)

    def wait_until(self, holds: Callable[[list[str]], bool]) -> list[str]:
        """Return the screen once that holds for its rows, all of a frame being there."""
        deadline_s = time.monotonic() + _PATIENCE_S
        while not holds(self.rows):
            assert time.monotonic() < deadline_s, "this is what is seen:\n" + "\n".join(self.rows)
            self._read(0.2)
        while self._read(0.03):
            pass
        return self.rows

    def wait_to_see(self, pattern: str) -> list[str]:
        """Return the screen once a row of it matches."""
        return self.wait_until(lambda rows: any(re.search(pattern, row) for row in rows))

    def read_for(self, seconds: float) -> None:
        """Take what comes within this time."""
        deadline_s = time.monotonic() + seconds
        while (left_s := deadline_s - time.monotonic()) > 0:
            self._read(left_s)

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
    def unread(self) -> int:
        """Bytes that the command has printed and nobody has read."""
        return _held_bytes(self._master)

    def wait_unread(self) -> int:
        """Return the exit code of a command that ends though nobody reads what it prints."""
        return self._process.wait(_PATIENCE_S)

    @property
    def is_as_before(self) -> bool:
        """Whether the terminal's modes are those it had at the beginning."""
        return _modes(self._slave) == self._before

    def _read(self, timeout_s: float) -> bool:
        if not select.select([self._master], [], [], timeout_s)[0]:
            return False
        data = os.read(self._master, 1 << 16)
        self._emulator.feed(_KITTY.sub(b"", data))
        self.sent += data.decode(errors="replace")
        self.shown += _CONTROL.sub("", data.decode(errors="replace"))
        return True


# Windows has none of it: tests of terminals skip themselves there.


def _open_pair() -> tuple[int, int]:
    if sys.platform == "win32":
        raise NotImplementedError
    return pty.openpty()


def _set_size(terminal: int, rows: int, columns: int) -> None:
    if sys.platform == "win32":
        raise NotImplementedError
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def _modes(terminal: int) -> list[object]:
    if sys.platform == "win32":
        raise NotImplementedError
    return list(termios.tcgetattr(terminal))


def _held_bytes(terminal: int) -> int:
    if sys.platform == "win32":
        raise NotImplementedError
    return int.from_bytes(fcntl.ioctl(terminal, termios.FIONREAD, bytes(4)), sys.byteorder)
