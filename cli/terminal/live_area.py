"""A terminal whose last lines are always ours: what is printed appears above them and scrolls into its history.

`rich` styles the lines and wraps them; moving them is ours, as they must survive a terminal that is resized, that is
given to the shell for a while, or that takes nothing.
"""

from __future__ import annotations

import io
import os
import threading
from collections import deque
from collections.abc import Sequence
from typing import IO

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from cli.terminal.presence import can_draw
from cli.terminal.writer import BackgroundWriter

_LEAST_COLUMNS, _USUAL_COLUMNS, _USUAL_ROWS = 20, 80, 24
_MOST_WAITING = 10_000
"""Lines that wait for a terminal that takes nothing."""
_BEGIN, _END = "\x1b[?2026h\x1b[?25l\x1b[?7l", "\x1b[?7h\x1b[?2026l"
"""All at once, where the terminal knows that; and with no line wrapped, however wide it takes a character to be."""
_SHOW_CURSOR = "\x1b[?25h"
_ERASE_ROW, _ERASE_BELOW = "\x1b[2K", "\x1b[J"
"""A row is erased whole before it is written: of one whose end is erased, tmux wraps the blanks when it is resized."""
_RIGHT = "\x1b[C"
"""Before rows are erased: what is erased from the first cell of a terminal on, tmux keeps in its history."""


class LiveArea:
    """Prints lines and keeps others below them; on anything but such a terminal it only prints.

    Example:
        >>> import sys
        >>> area = LiveArea(sys.stdout)
        >>> area.show("listening")  # nothing, as this is no terminal
        >>> area.write("Agent: Well, hello.")
        Agent: Well, hello.
        >>> area.close()
    """

    def __init__(self, out: IO[str] | BackgroundWriter) -> None:
        self._out = out
        self.is_terminal = can_draw(out)
        self._console = Console(file=io.StringIO(), force_terminal=self.is_terminal, width=_USUAL_COLUMNS)
        self._waiting: deque[Text] = deque(maxlen=_MOST_WAITING)
        self._lines: Sequence[Text] = ()
        self._cursor: int | None = None
        self._drawn: list[str] = []
        """The lines as they stand on the terminal."""
        self._known: dict[object, str] = {}
        """The same by what they were made of: most lines of a frame are those of the one before."""
        self._drawn_cells: list[int] = []
        """Their widths; of the last one, up to the cursor."""
        self._drawn_columns = 0
        self._reflows = not os.environ.get("XTERM_VERSION") and not os.environ.get("STY")
        """Whether a narrower terminal wraps what stands on it: all do but xterm and screen."""
        self._lock = threading.RLock()
        """Needed because any thread may log."""

    @property
    def columns(self) -> int:
        """Width of what can be shown."""
        return self._size()[0] - 1  # a character in the last one would leave the cursor in one place or another

    @property
    def rows(self) -> int:
        """Height of the terminal."""
        return self._size()[1]

    def wrap(self, text: Text) -> list[Text]:
        """Return the lines of a text, broken between words, each as far from the edge as the first one."""
        indent = min(len(text.plain) - len(text.plain.lstrip(" ")), self.columns // 2)
        lines = text[indent:].wrap(self._console, self.columns - indent, overflow="fold")
        for line in lines:
            line.rstrip()
            line.pad_left(indent)
        return list(lines)

    def write(self, text: str | Text) -> None:
        """Print a line, or several, in one piece with nothing between them."""
        if not self.is_terminal:
            self._out.write(f"{text}\n")
            self._out.flush()
            return
        with self._lock:
            self._waiting.extend(self.wrap(text if isinstance(text, Text) else Text(text)))
            self._draw()

    def show(self, *lines: str | Text, cursor: int | None = None) -> None:
        """Let the last lines be these; without any they are taken away.

        Args:
            lines: What does not fit is cut off at the right, and at the top.
            cursor: Column of the cursor in the last line; None shows none.
        """
        if not self.is_terminal:
            return
        with self._lock:
            self._lines = [line if isinstance(line, Text) else Text(line) for line in lines]
            self._cursor = cursor
            self._draw()

    def send(self, control: str) -> None:
        """Tell the terminal something that leaves no mark."""
        if self.is_terminal:
            self._out.write(control)
            self._out.flush()

    def leave(self, patience_s: float) -> None:
        """Take the lines away for a while and wait for that; `show` puts others in their place."""
        with self._lock:
            self._lines, self._cursor = (), None
            self._draw(at_once=True)
        if isinstance(self._out, BackgroundWriter):
            self._out.drain(patience_s)

    def close(self) -> None:
        """Take the last lines away, and print what waits."""
        if not self.is_terminal:
            return
        with self._lock:
            self._lines, self._cursor = (), None
            self._draw(at_once=True)

    def _draw(self, *, at_once: bool = False) -> None:
        if not at_once and isinstance(self._out, BackgroundWriter) and self._out.is_behind:
            return  # the next call draws all of it
        columns, rows = self._size()
        lines = self._lines[-(rows - 1) :]
        for line in lines:
            line.truncate(columns - 1)
        looks = [_look(line) for line in lines]
        known = self._known
        self._known = {
            look: known[look] if look in known else self._styled(line) for look, line in zip(looks, lines, strict=True)
        }
        styled = [self._known[look] for look in looks]
        # Where nothing is shown, the cursor is whoever's comes next.
        cursor = "" if lines and self._cursor is None else _SHOW_CURSOR
        if self._cursor:
            cursor += f"\r\x1b[{min(self._cursor, columns - 1)}C"
        if not self._waiting and ([*styled, cursor], columns) == (self._drawn, self._drawn_columns):
            return
        printed = "".join(f"{_ERASE_ROW}{self._styled(line)}\r\n" for line in self._waiting)
        self._waiting.clear()
        below = "\r\n".join(f"{_ERASE_ROW}{line}" for line in styled)
        erased = _ERASE_BELOW if lines else f"{_ERASE_ROW}{_RIGHT}{_ERASE_BELOW}\r"
        self._out.write(f"{_BEGIN}\r{self._up(columns)}{printed}{below}{erased}{cursor}{_END}")
        self._out.flush()
        self._drawn, self._drawn_columns = [*styled, cursor], columns
        self._drawn_cells = [cell_len(line.plain) for line in lines]
        if self._cursor is not None:
            self._drawn_cells[-1:] = [self._cursor + 1]

    def _up(self, columns: int) -> str:
        """Move to the first of the lines that stand there; a terminal that was made narrower may have wrapped them."""
        rows = len(self._drawn_cells)
        if self._reflows and columns < self._drawn_columns:
            rows = sum(max(1, -(-cells // columns)) for cells in self._drawn_cells)
        return f"\x1b[{rows - 1}A" if rows > 1 else ""

    def _styled(self, text: Text) -> str:
        with self._console.capture() as capture:
            self._console.print(text, end="", soft_wrap=True, highlight=False)
        return capture.get()

    def _size(self) -> tuple[int, int]:
        try:
            columns, rows = os.get_terminal_size(self._out.fileno())
        except OSError:
            columns = rows = 0
        # A terminal whose size nobody has set, as some programs give to those they run, has no columns.
        return max(_LEAST_COLUMNS, columns) if columns else _USUAL_COLUMNS, max(2, rows) if rows else _USUAL_ROWS


def _look(text: Text) -> tuple[object, ...]:
    """Return what the look of a line depends on; rich compares no style of a whole text."""
    return text.plain, text.style, *text.spans
