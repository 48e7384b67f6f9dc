"""A level in dB as a bar of characters, the same wherever a level is shown."""

from __future__ import annotations

from rich.text import Text

from cli.language.spoken import translated, word

_FLOOR_DB = -60.0
_TOO_LOUD_DB = -1.0
_FULL, _EMPTY, _HELD = "━", "─", "┃"


def bar(level_db: float, cells: int = 30, held_db: float = -100.0) -> Text:
    """A bar from -60 dB to 0 dB with the peak that is held, and the figure.

    Example:
        >>> bar(-30.0, 10, held_db=-12.0).plain
        '━━━━━──┃──  -30 dB'
    """
    filled, held = (round(cells * min(1.0, max(0.0, 1 - db / _FLOOR_DB))) for db in (level_db, held_db))
    text = Text().append(_FULL * filled, "green" if max(level_db, held_db) < _TOO_LOUD_DB else "red")
    if held > filled:
        text.append(_EMPTY * (held - filled - 1), "dim").append(_HELD)
        filled = held
    text.append(_EMPTY * (cells - filled), "dim")
    figure = f"{level_db:4.0f}" if level_db > -100 else "  --"
    return text.append(f" {figure} {translated(word('dB'))}")
