"""Changes since an older run, for the terminal: what moved, case by case, and a sentence for the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import Console
from rich.text import Text

from benchmarks.report.comparison import Change, Comparison, Judgement
from cli.bench.words import change_cells, remarks
from cli.language.spoken import translated, word
from cli.terminal.sanitize import printable

_STYLES = {Judgement.BETTER: "green", Judgement.WORSE: "red"}
_HEADINGS = ("", word("then"), word("now"), word("change"), word("noise"), "")


def print_changes(console: Console, comparison: Comparison) -> None:
    """Print every figure that moved further than chance, and what else is to be said.

    Cases have lines of their own: beside six columns the longest leave no room for figures in 80 columns.
    """
    console.print(Text(translated(f"since {printable(comparison.name)}"), style="italic"))
    moved = [change for change in comparison.changes if change.judgement is not Judgement.SAME]
    for line in _lines(moved) if moved else ():
        console.print(line, soft_wrap=True)
    for remark in remarks(comparison):
        console.print(Text(printable(translated(remark))))
    console.print()


def _lines(moved: Sequence[Change]) -> Iterator[Text]:
    """Yield the headings, and each case with its figures under it; all columns are as wide as their longest cell."""
    rows = [[translated(cell) for cell in change_cells(change)] for change in moved]
    headings = [translated(heading) for heading in _HEADINGS]
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    yield Text(_aligned(headings, widths), style="bold")
    for case, of_it in groupby(zip(moved, rows, strict=True), key=lambda each: each[0].case):
        yield Text(printable(case))
        for change, cells in of_it:
            line = Text(_aligned(cells[:-1], widths))
            yield line.append(f"  {cells[-1]}", style=_STYLES[change.judgement])


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    """The figure's name to the left, numbers to the right."""
    name, *numbers = cells
    right = [cell.rjust(width) for cell, width in zip(numbers, widths[1:], strict=False)]
    return "  ".join(["", name.ljust(widths[0]), *right])
