"""Sentences about a comparison that the terminal and the page share."""

from __future__ import annotations

from benchmarks.report.comparison import Change, Comparison, Judgement
from benchmarks.report.results import with_unit

QUICK = "This was a quick run: it shows that everything works, not how well."
_QUICKNESS: dict[tuple[bool | None, bool | None], str] = {
    (True, False): "That run was a quick one and this is a full one",
    (False, True): "That run was a full one and this is a quick one",
}
_MOST_NAMES = 8


def figure_text(value: float, unit: str) -> str:
    """Write a figure with its unit."""
    if unit in ("ns", "ms"):
        return with_unit(value, unit)
    return f"{value:.0f} {unit}" if abs(value) >= 100 else f"{value:.3g} {unit}"


def share_moved(change: Change) -> str:
    """Write how much a figure moved, in percent of what it was, the machine's own change left out.

    Example:
        >>> share_moved(Change("case", "p50", "ms", before=10.0, now=12.0, noise=1.0))
        '+20 %'
    """
    before = change.before * change.machine
    return f"{100 * change.moved / before:+.0f} %" if before else ("new" if change.now else "0 %")


def change_cells(change: Change) -> tuple[str, ...]:
    """Return the cells of a figure's row: its name, then, now, the change, the noise, and what it is worth."""
    before, now, noise = (figure_text(each, change.unit) for each in (change.before, change.now, change.noise))
    return change.figure, before, now, share_moved(change), f"±{noise}", str(change.judgement)


def remarks(comparison: Comparison) -> list[str]:
    """Say how many figures moved, and which cases have no counterpart."""
    counted = dict.fromkeys(Judgement, 0)
    for change in comparison.changes:
        counted[change.judgement] += 1
    if not comparison.changes:
        said = ["The two runs have no figure in common."]
    elif counted[Judgement.SAME] == len(comparison.changes):
        said = [f"In all {counted[Judgement.SAME]} figures there is {Judgement.SAME}."]
    else:
        moved = f"{counted[Judgement.BETTER]} got better, {counted[Judgement.WORSE]} got worse"
        said = [
            f"Of {len(comparison.changes)} figures {moved}; in {counted[Judgement.SAME]} there is {Judgement.SAME}."
        ]
    if comparison.elsewhere:
        said.append(f"That run was on another machine: {comparison.elsewhere}.")
    if quickness := _QUICKNESS.get(comparison.quick):
        said.append(f"{quickness}: a quick run's figures differ more by chance, so compare runs of the same kind.")
    for words, names in (
        ("New cases", comparison.new),
        ("Gone cases", comparison.gone),
        ("Not run this time", comparison.not_run),
    ):
        if names:
            more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
            said.append(f"{words}: {', '.join(names[:_MOST_NAMES])}{more}.")
    return said
