"""A level in dB as a bar of characters, and a line of the terminal that keeps showing the latest one."""

from __future__ import annotations

from typing import IO

_FLOOR_DB = -60.0
_WIDTH = 30
_FULL, _EMPTY = "#", "-"


def bar(level_db: float) -> str:
    """A bar from -60 dB to 0 dB, and the figure.

    Example:
        >>> bar(-30.0)
        '[###############---------------]  -30 dB'
    """
    filled = round(_WIDTH * min(1.0, max(0.0, 1 - level_db / _FLOOR_DB)))
    figure = f"{level_db:4.0f} dB" if level_db > -100 else "  no sound"
    return f"[{_FULL * filled}{_EMPTY * (_WIDTH - filled)}] {figure}"


class MeterLine:
    """One line that is written over and over; silent where the output is no terminal."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._shows = out.isatty()
        self._length = 0

    def show(self, label: str, level_db: float) -> None:
        """Replace what the line shows."""
        self._write(f"{label} {bar(level_db)}")

    def clear(self) -> None:
        """Leave the line empty, for other output."""
        self._write("")
        self._length = 0

    def _write(self, text: str) -> None:
        if self._shows:
            self._out.write(f"\r{text.ljust(self._length)}" + ("" if text else "\r"))
            self._out.flush()
            self._length = len(text)
