"""A terminal whose last line is always ours: what is printed appears above it, the agent's unfinished line too.

The unfinished line is kept to whole rows: its words are wrapped here, so that the row and the column of its end are
known, and the last line can be taken away and put back beneath it.
"""

from __future__ import annotations

import os
import re
import threading
from typing import IO

from rich.cells import cell_len, chop_cells, set_cell_size

from cli.terminal.writer import BackgroundWriter

_TOKEN = re.compile(r"\x1b\[[0-9;]*m|\n|[^\S\n]+|[^\s\x1b]+|\x1b")
_ERASE = "\r\x1b[2K"
_LEAST_COLUMNS, _USUAL_COLUMNS = 20, 80


class StatusLine:
    """Writes to a stream; on anything but a terminal it passes on what is written, and has no last line.

    Example:
        >>> import sys
        >>> line = StatusLine(sys.stdout)
        >>> line.show("listening")  # nothing, as this is no terminal
        >>> line.write("Agent: Well, hello.\\n")
        Agent: Well, hello.
        >>> line.close()
    """

    def __init__(self, out: IO[str] | BackgroundWriter) -> None:
        self._out = out
        self.is_terminal = out.isatty()
        self._column = 0
        """Cells of the row in which what was written ends."""
        self._text = ""
        self._drawn = False
        self._lock = threading.RLock()
        """Needed because any thread may log."""

    def write(self, text: str) -> None:
        """Print text; it need not end with its line."""
        with self._lock:
            if not self.is_terminal:
                self._out.write(text)
            else:
                self._out.write(self._taken_away() + self._wrapped(text) + self._put_back())
            self._out.flush()

    def interject(self, text: str) -> None:
        """Print lines that do not belong to the unfinished one, which goes on below them."""
        with self._lock:
            self.write(f"\n{text}\n" if self._column else f"{text}\n")

    def show(self, text: str) -> None:
        """Let the last line say this; "" takes it away."""
        if not self.is_terminal or (text == self._text and self._drawn == bool(text)):
            return
        with self._lock:
            before, self._text = self._taken_away(), text
            self._out.write(before + self._put_back())
            self._out.flush()

    def send(self, control: str) -> None:
        """Tell the terminal something that leaves no mark."""
        if self.is_terminal:
            self._out.write(control)
            self._out.flush()

    def close(self) -> None:
        """Take the last line away; what is written later is printed as ever."""
        self.show("")

    def _taken_away(self) -> str:
        if not self._drawn:
            return ""
        self._drawn = False
        return _ERASE + (f"\x1b[1A\x1b[{self._column + 1}G" if self._column else "")

    def _put_back(self) -> str:
        if not self._text:
            return ""
        self._drawn = True
        text = self._text if cell_len(self._text) < self._columns() else set_cell_size(self._text, self._columns() - 1)
        return ("\n" if self._column else "") + text

    def _wrapped(self, text: str) -> str:
        columns = self._columns()
        pieces: list[str] = []
        for token in _TOKEN.findall(text):
            if token.startswith("\x1b"):
                pieces.append(token)
            elif token == "\n":
                pieces.append(token)
                self._column = 0
            else:
                pieces += self._placed(token, columns)
        return "".join(pieces)

    def _placed(self, word: str, columns: int) -> list[str]:
        """A word or some spaces, on the next row if they do not fit on this one."""
        if self._column and self._column + cell_len(word) >= columns:
            self._column = 0
            return ["\n"] if word.isspace() else ["\n", *self._placed(word, columns)]
        *rows, rest = chop_cells(word, columns - 1) or [""]
        self._column = (0 if rows else self._column) + cell_len(rest)
        return [*(part for row in rows for part in (row, "\n")), rest]

    def _columns(self) -> int:
        try:
            columns = os.get_terminal_size(self._out.fileno()).columns
        except OSError:
            columns = 0
        # A terminal whose size nobody has set, as some programs give to those they run, has no columns.
        return max(_LEAST_COLUMNS, columns) if columns else _USUAL_COLUMNS
