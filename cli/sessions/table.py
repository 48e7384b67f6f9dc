"""Kept conversations in the terminal: the list of them, and the words of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.language.spoken import translated, word
from cli.sessions.words import NAMES, clock, done, facts, local_time, money
from cli.terminal.sanitize import printable, spoken
from engine.realtime.recording.story import Speaker, Story, Turn

_NAME = 15
_WIDE, _NARROW = 76, (0, 1, 6)
"""Columns of a terminal that has room for all of the table's, and those of a narrower one: name, length and words."""
_PIPE_COLUMNS = 1000
"""Wider than any line: what reads a pipe looks for whole words."""
_MOST_WORDS = 60
_COLUMNS = tuple(map(word, ("session", "length", "turns", "agent", "cost", "sound", "begins with")))


def print_list(records: Sequence[dict[str, Any]]) -> None:
    """Print one row for each conversation."""
    console = _console()
    shown = range(len(_COLUMNS)) if console.width >= _WIDE else _NARROW
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
    for at in shown:
        # A name is there to be copied.
        table.add_column(translated(_COLUMNS[at]), no_wrap=True, overflow="ellipsis", min_width=0 if at else _NAME)
    for one in records:
        agent = one["model"] or one["provider"]
        cost, sound = money(one["cost"], one["currency"]), translated("yes" if one["sound"] else "no")
        begins = one["words"][:_MOST_WORDS]
        cells = (one["id"], clock(one["duration_s"]), str(one["turns"]), agent, cost, sound, begins)
        table.add_row(*(Text(printable(cells[at])) for at in shown))
    console.print(table)


def print_story(story: Story) -> None:
    """Print what was said and done, with its times; what nobody heard is struck through, or in brackets in a file."""
    console, one = _console(), facts(story)
    agent = " ".join(filter(None, (one["provider"], one["model"])))
    parts = (one["id"], local_time(one["began"]), agent, clock(one["duration_s"]), money(one["cost"], one["currency"]))
    console.print(Text(printable(", ".join(filter(None, parts))), style="dim"))
    table = Table.grid(padding=(0, 1))
    for turn in story.turns:
        cells = Text(clock(turn.at_s), style="dim"), Text(translated(NAMES[turn.speaker])), _said(turn, console)
        if console.is_terminal:
            table.add_row(*cells)
        else:
            console.print(*cells, soft_wrap=True)
    if table.rows:
        console.print(table)


def _said(turn: Turn, console: Console) -> Text:
    if turn.speaker is Speaker.TOOL:
        return Text(printable(translated(done(turn))), style="dim")
    text, unheard = Text(spoken(turn.text)), spoken(turn.unheard)
    if unheard:
        text.append(" ")
        text.append(unheard if console.is_terminal else f"[{translated('not heard')}: {unheard}]", style="strike dim")
    return text


def _console() -> Console:
    console = Console()
    if not console.is_terminal:
        console.width = _PIPE_COLUMNS
    return console
