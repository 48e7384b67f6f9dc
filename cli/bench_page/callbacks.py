"""The page's part on playback beside a busy machine: what was lost, and the gaps between blocks."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element

import numpy as np

from benchmarks.results import Result
from benchmarks.verdict import BUSY, capital
from cli.bench_page.axes import round_up
from cli.bench_page.chart import Chart
from cli.bench_page.histogram import histogram
from cli.bench_page.markup import element, table
from cli.bench_page.series import class_of, name_of

_OPEN = "spinning"
"""The load whose gaps are seen at once; the others unfold."""
_WITHOUT_DEVICE = "virtual"
_STEMS = 600
"""More strokes than the chart has pixels would only make the file larger."""
_ROW_PX = 22.0
_GAPS = "How long after the one before each block came, through the run; and how often each gap came."
_HEADINGS = ("playback", "blocks", "of", "lost, %", "broken, ms", "gap p50, ms", "gap p99, ms", "gap max, ms")


def callback_part(results: Sequence[Result]) -> list[Element]:
    """Return the figures, or nothing where playback was not measured."""
    runs = [each for each in results if each.benchmark == "callback"]
    if not runs:
        return []
    groups: dict[tuple[str, float], list[Result]] = {}
    for run in runs:
        groups.setdefault((run.case.split("/")[2], run.extra["block_ms"]), []).append(run)
    return [
        element("h2", "Playback beside a busy machine"),
        element(
            "figure",
            element(
                "figcaption",
                element("h3", "Sound that was lost"),
                element("p", "Blocks that never came, and silence in place of sound. All play from one second ahead."),
            ),
            element(
                "div",
                *(_losses(load, block_ms, group, runs) for (load, block_ms), group in groups.items()),
                class_="halves",
            ),
            table(_HEADINGS, [_row(run) for run in runs], "Every run; a gap is the time from one block to the next."),
        ),
        *(_gaps(load, block_ms, group) for (load, block_ms), group in groups.items()),
    ]


def _losses(load: str, block_ms: float, group: Sequence[Result], runs: Sequence[Result]) -> Element:
    """One load with one block: a bar for each design, on the axis of all runs."""
    heading = f"{capital(BUSY.get(load, load))}, {block_ms:g} ms blocks"
    most = max(float(run.extra["lost_percent"]) for run in runs)
    chart = Chart(
        f"Sound that was lost: {heading}",
        "; ".join(f"{name_of(_design(run))}: {run.extra['lost_percent']:g} percent" for run in group) + ".",
        (0, round_up(max(most * 1.05, 1.0)), "lost, % of the sound"),
        (0, len(group), ""),
        size=(440, 62 + _ROW_PX * len(group)),
        left=196,
        categories=tuple(name_of(_design(run)) for run in group),
    )
    for row, run in enumerate(group):
        lost = float(run.extra["lost_percent"])
        chart.row_bar(row, lost, f"{lost:g} %", class_of(_design(run)))
    return element("div", element("h4", heading), chart.svg)


def _gaps(load: str, block_ms: float, runs: Sequence[Result]) -> Element:
    # Without a device a late clock makes up for what it missed, in a burst: its gaps have an axis of their own.
    of_devices = [run for run in runs if _design(run) != _WITHOUT_DEVICE] or runs
    longest_ms = _longest_ms(of_devices)
    heading = f"Gaps between blocks of {block_ms:g} ms, {BUSY.get(load, load)}"
    drawn = [part for run in runs for part in _gaps_of(run, longest_ms if run in of_devices else _longest_ms([run]))]
    figure = element(
        "figure",
        element("figcaption", element("p", _GAPS)),
        element("div", *drawn, class_="pair"),
        table(_HEADINGS, [_row(run) for run in runs], f"{heading}: the same in figures."),
    )
    unfolded = {"open": "open"} if load == _OPEN and block_ms >= 10 else {}
    return element("details", element("summary", element("h3", heading)), figure, **unfolded)


def _longest_ms(runs: Sequence[Result]) -> float:
    return round_up(max(float(run.extra["gap_ms_max"]) for run in runs) * 1.05)


def _gaps_of(run: Result, longest_ms: float) -> list[Element]:
    gaps_ms = [float(gap_ms) for gap_ms in run.extra.get("gap_ms", ())]
    name = name_of(_design(run))
    heading = element("h4", name)
    if not gaps_ms:
        return [heading, element("p", "No gaps were kept.")]
    class_ = class_of(_design(run))
    return [
        heading,
        _timeline(f"{name}: gaps in time", gaps_ms, longest_ms, run.extra["block_ms"], class_),
        histogram(
            f"{name}: how often each gap came",
            gaps_ms,
            run.ours,
            class_,
            unit="blocks (log)",
            size=(320, 170),
            most_ms=longest_ms,
            is_log=True,
        ),
    ]


def _timeline(title: str, gaps_ms: Sequence[float], longest_ms: float, block_ms: float, class_: str) -> Element:
    times_s = np.cumsum(gaps_ms) / 1000
    end_s = float(times_s[-1])
    worst = int(np.argmax(gaps_ms))
    chart = Chart(
        title,
        f"{len(gaps_ms)} gaps in {end_s:.1f} s; the longest, {max(gaps_ms):.1f} ms, at {times_s[worst]:.1f} s.",
        (0, end_s, "time, s"),
        (0, longest_ms, "gap, ms"),
        size=(640, 170),
    )
    columns = np.minimum((times_s / end_s * _STEMS).astype(int), _STEMS - 1)
    values = np.asarray(gaps_ms)
    spans = list[tuple[float, float, float]]()
    for column in np.unique(columns):
        inside = values[columns == column]
        spans.append((float((column + 0.5) / _STEMS * end_s), min(float(inside.min()), block_ms), float(inside.max())))
    chart.stems(spans, class_)
    chart.mark_y(block_ms, f"one block, {block_ms:g} ms")
    return chart.svg


def _row(run: Result) -> list[str]:
    extra = run.extra
    return [
        _name(run),
        str(extra["delivered"]),
        str(extra["expected"]),
        f"{extra['lost_percent']:g}",
        f"{extra['broken_ms']:g}",
        *(f"{value:.2f}" for value in (run.ours.p50, run.ours.p99, extra["gap_ms_max"])),
    ]


def _name(run: Result) -> str:
    _, design, load, _ = run.case.split("/")
    return f"{name_of(design)}, {BUSY.get(load, load)}, {run.extra['block_ms']:g} ms"


def _design(run: Result) -> str:
    return run.case.split("/")[1]
