"""The page's part on an older run: what got better or worse since."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from benchmarks.comparison import Comparison, Judgement
from cli.bench_page.markup import element, table
from cli.bench_words import figure_text, remarks, share_moved

_HEADINGS = ("case", "figure", "then", "now", "change", "noise", "judgement")


def changes_part(comparison: Comparison) -> list[Element]:
    """Return every figure that both runs have, changed ones first."""
    order = {Judgement.WORSE: 0, Judgement.BETTER: 1, Judgement.SAME: 2}
    changes = sorted(comparison.changes, key=lambda change: order[change.judgement])
    rows = [
        [
            change.case,
            change.figure,
            figure_text(change.before, change.unit),
            figure_text(change.now, change.unit),
            share_moved(change),
            f"± {figure_text(change.noise, change.unit)}",
            str(change.judgement),
        ]
        for change in changes
    ]
    made = table(_HEADINGS, rows, "Noise: how far apart the two may lie by chance. Less is better everywhere.")
    for cell in made.iter("td"):
        if cell.text in (Judgement.BETTER, Judgement.WORSE):
            cell.set("class", cell.text)
    return [
        element("h2", f"Since {comparison.name}"),
        *(element("p", remark) for remark in remarks(comparison)),
        *([element("figure", made)] if rows else []),
    ]
