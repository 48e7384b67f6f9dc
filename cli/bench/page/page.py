"""The whole page of a run: one file that needs no network and no script."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from benchmarks.registry import BENCHMARKS
from benchmarks.report.comparison import SAMPLES, Comparison, Judgement
from benchmarks.report.document import Document
from benchmarks.report.results import OURS, Result
from benchmarks.report.verdict import ABOUT_SOUND, BUSY, RULE, WAYS, capital, recommendation, sentences
from benchmarks.signals.echo_quality import WINDOW_S
from cli.bench.page.charts import Bar, Chart, bars, lines, samples
from cli.bench.table import TEXTS, grid, measured_besides, notes
from cli.bench.words import QUICK, change_cells, remarks
from cli.language.spoken import translated, word
from cli.pages.template import filled
from cli.terminal.sanitize import printable

_CHANGES = tuple(map(word, ("case", "figure", "then", "now", "change", "noise", "judgement")))
_DESIGNS = {"sounddevice": "s0", "pyaudio": "s1", "python-sounddevice": "s2", "python-pyaudio": "s3", "virtual": "s4"}
"""Colours of the playback designs."""
_OTHER = "s5"
_WITHOUT_DEVICE = "virtual"
_OPEN, _USUAL_MS = "spinning", 10.0
"""Load and block size whose gaps are open at once; the others unfold."""


@dataclass(frozen=True, slots=True)
class Part:
    """One benchmark: its charts, its figures, and charts that unfold, by their headings."""

    title: str
    summary: str
    charts: Sequence[Chart]
    unfolding: Sequence[tuple[str, bool, Sequence[Chart]]]
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str]
    texts: int
    """Number of text columns, which come first."""


def page(run: Document, comparison: Comparison | None = None, *, note: str = "") -> str:
    """Write a run as HTML.

    Args:
        run: The figures and their machine.
        comparison: With an older run, if that was asked for.
        note: What else has to be known about the run, such as that it was interrupted.
    """
    first, *more = recommendation(run.results, run.machine)
    in_order = sorted(run.results, key=lambda result: result.benchmark not in ABOUT_SOUND)
    parts = [_part(name, list(of_it)) for name, of_it in groupby(in_order, key=lambda result: result.benchmark)]
    return filled(
        Path(__file__).with_name("report.html.j2"),
        printable,
        machine=_machine(run.machine),
        remarks=[translated(words) for words in (QUICK if run.quick else "", note) if words],
        recommended=translated(first),
        sentences=list(map(translated, [*more, *sentences(run.results)])),
        rule=translated(RULE),
        since=comparison and comparison.name,
        changes=comparison and list(map(translated, remarks(comparison))),
        change_headings=list(map(translated, _CHANGES)),
        change_rows=list(_changes(comparison)) if comparison else [],
        parts=parts,
    )


def _part(benchmark: str, results: Sequence[Result]) -> Part:
    measured = measured_besides(results)
    headings, rows = grid(results, measured)
    charts = list(_CHARTS.get(benchmark, _ratios)(results))
    unfolding = list(_gaps(results)) if benchmark == "callback" else []
    summary = BENCHMARKS[benchmark].summary if benchmark in BENCHMARKS else ""
    texts = sum(heading in TEXTS for heading in headings)
    shown = list(map(translated, headings))
    about = list(map(translated, notes(results, measured)))
    return Part(capital(benchmark), translated(summary), charts, unfolding, shown, rows, about, texts)


def _latency(results: Sequence[Result]) -> Iterator[Chart]:
    """The round trip by block size, as measured and as the devices report it."""
    series: dict[str, list[tuple[float, float]]] = {}
    for run in sorted(results, key=lambda result: float(result.extra["block_ms"])):
        block_ms, reported_ms = (float(run.extra[name]) for name in ("block_ms", "reported_ms"))
        series.setdefault(f"{_design(run)}, measured", []).append((block_ms, run.ours.p50))
        series.setdefault(f"{_design(run)}, reported", []).append((block_ms, reported_ms))
    yield lines("Round trip by block size", ("block, ms", "round trip, ms"), series)


def _losses(results: Sequence[Result]) -> Iterator[Chart]:
    """A chart for each load with each block: how much of the sound each design lost."""
    most = max(float(run.extra["lost_percent"]) for run in results)
    for heading, runs in _by_load(results):
        rows = [
            Bar(_design(run), lost := float(run.extra["lost_percent"]), f"{lost:g} %", _colour(run)) for run in runs
        ]
        yield bars(f"Lost sound: {heading}", "lost, % of the sound", rows, most=max(1.05 * most, 1.0))


def _gaps(results: Sequence[Result]) -> Iterator[tuple[str, bool, list[Chart]]]:
    """The gaps between blocks, load by load: heading, whether it is open at once, and a chart for each design."""
    for heading, runs in _by_load(results):
        # Without a device a late clock makes up for what it missed, in a burst: its gaps have an axis of their own.
        of_devices = [run for run in runs if _design(run) != _WITHOUT_DEVICE] or runs
        most = max(float(run.extra["gap_ms_max"]) for run in of_devices)
        charts = [
            samples(
                f"{_design(run)}, {heading}",
                gaps_ms,
                run.ours,
                "gaps",
                _colour(run),
                1.05 * (most if run in of_devices else float(run.extra["gap_ms_max"])),
            )
            for run in runs
            if (gaps_ms := run.extra.get(SAMPLES["callback"]))
        ]
        if charts:
            is_open = f"/{_OPEN}/" in runs[0].case and runs[0].extra["block_ms"] >= _USUAL_MS
            yield translated(f"Gaps between blocks: {heading}"), is_open, charts


def _ways(results: Sequence[Result]) -> Iterator[Chart]:
    """A chart for each way of a turn whose times were kept."""
    for number, run in enumerate(results):
        if values_ms := run.extra.get(SAMPLES["session"]):
            title = capital(WAYS.get(run.case, run.case))
            yield samples(title, values_ms, run.ours, "times", f"s{number % 6}", 1.05 * max(values_ms))


def _ratios(results: Sequence[Result]) -> Iterator[Chart]:
    """One chart of how many times as fast as each rival ours is."""
    rows = [
        Bar(
            f"{run.case.removeprefix(f'{run.benchmark}/')}, {rival}",
            ratio,
            f"{ratio:.3g} x",
            "s0" if ratio >= 1 else "s2",
        )
        for run in results
        for rival, ratio in run.ratio.items()
    ]
    if rows:
        yield bars(
            f"{capital(results[0].benchmark)}: speed compared with alternatives",
            "times as fast as the alternative",
            rows,
        )


def _erle(results: Sequence[Result]) -> Iterator[Chart]:
    """The echo return loss enhancement of each canceller over time, room by room."""
    for run in results:
        cancellers = {OURS: run.extra} | {name: found for name, found in run.extra.items() if isinstance(found, dict)}
        yield lines(
            f"Echo removed: {run.case}",
            ("time, s", "ERLE, dB"),
            {
                name: [(WINDOW_S * at, db) for at, db in enumerate(found["erle_over_time_db"]) if db is not None]
                for name, found in cancellers.items()
            },
        )


_CHARTS = {"latency": _latency, "callback": _losses, "session": _ways, "echo": _erle}
"""Charts by benchmark; one that is not listed gets the chart of rivals."""


def _changes(comparison: Comparison) -> Iterator[list[str]]:
    """Every figure that both runs have, changed ones first."""
    order = (Judgement.WORSE, Judgement.BETTER, Judgement.SAME)
    for change in sorted(comparison.changes, key=lambda change: order.index(change.judgement)):
        yield [change.case, *map(translated, change_cells(change))]


def _by_load(results: Sequence[Result]) -> Iterator[tuple[str, list[Result]]]:
    groups: dict[str, list[Result]] = {}
    for run in results:
        load = run.case.split("/")[2]
        groups.setdefault(f"{BUSY.get(load, load)}, {run.extra['block_ms']:g} ms blocks", []).append(run)
    yield from groups.items()


def _design(run: Result) -> str:
    return run.case.split("/")[1]


def _colour(run: Result) -> str:
    return _DESIGNS.get(_design(run), _OTHER)


def _machine(machine: Mapping[str, Any]) -> str:
    parts = [
        str(machine.get("measured_at", "")).replace("T", " ").replace("+00:00", " UTC"),
        f"{machine.get('cpu', 'unknown processor')}, {machine.get('cores', '?')} cores ({machine.get('arch', '?')})",
        str(machine.get("os", "")),
        f"Python {machine.get('python', '?')}",
        f"load before the run: {machine['load']:g}" if isinstance(machine.get("load"), int | float) else "",
    ]
    return "; ".join(translated(part) for part in parts if part)
