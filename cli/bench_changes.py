"""What changed since an older run, for the terminal: a table of what moved, and a sentence for the rest."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks.comparison import Comparison, Judgement
from cli.bench_words import figure_text, remarks, share_moved
from cli.text import printable

_STYLES = {Judgement.BETTER: "green", Judgement.WORSE: "red"}


def print_changes(console: Console, comparison: Comparison) -> None:
    """Print every figure that moved further than chance, and what else is to be said."""
    moved = [change for change in comparison.changes if change.judgement is not Judgement.SAME]
    if moved:
        table = Table(title=f"since {printable(comparison.name)}", title_justify="left", box=SIMPLE_HEAD)
        table.show_edge = table.pad_edge = False
        table.collapse_padding = True
        for heading in ("case", "figure", "then", "now", "change", "noise", ""):
            is_text = heading in ("case", "figure", "")
            table.add_column(heading, justify="left" if is_text else "right", no_wrap=not is_text, overflow="fold")
        for change in moved:
            table.add_row(
                *(Text(printable(cell)) for cell in (change.case, change.figure)),
                figure_text(change.before, change.unit),
                figure_text(change.now, change.unit),
                share_moved(change),
                f"±{figure_text(change.noise, change.unit)}",
                Text(str(change.judgement), style=_STYLES[change.judgement]),
            )
        console.print(table)
    else:
        console.print(Text(f"since {printable(comparison.name)}", style="italic"))
    for remark in remarks(comparison):
        console.print(Text(printable(remark)))
    console.print()
