"""The tables of `voice bench` in narrow terminals and in pipes: no case without its name, no half figure."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from benchmarks.report.comparison import compare
from benchmarks.report.document import Document
from benchmarks.report.results import Quantiles, Result, with_unit
from cli.bench.changes import print_changes
from cli.bench.table import tables

LATENCY = {
    **{"busy_ms": 30.0, "reported_ms": 40.0, "jitter_ms": 0.0, "drift_ppm": 0.01, "dropped_frames": 0.0},
    **{"added_frames": 0.0, "amplitude_ratio": 1.0, "block_ms": 10.0},
}
PLAYED = {"delivered": 28, "expected": 43, "broken_ms": 130.0, "lost_percent": 30.2, "gap_ms_max": 64.6}
TURN = {"p95": 2.0, "max": 3.0, "turns": 8, "cpu_percent": 5.26, "idle_cpu_percent": 1.34, "memory_mb": 326.0}
PEERS = {"json + base64 + numpy": Quantiles(124_000.0, 168_000.0)}


def _ms(case: str, p50: float = 30.0, **extra: Any) -> Result:
    return Result(case.split("/", maxsplit=1)[0], case, "ms", Quantiles(p50, 1.1 * p50), extra=extra)


RESULTS = (
    _ms("latency/sounddevice/480", **LATENCY),
    _ms("session/barge_in_to_silence", p95=2.0, max=3.0),
    _ms("session/turn", **TURN),
    _ms("callback/python-sounddevice/all_cores/480", block_ms=10.0, **PLAYED),
    Result("events", "events/delta_to_samples/512ms", "ns", Quantiles(5460.0, 7960.0), PEERS),
)


def _printed(width: int) -> list[str]:
    console = Console(width=width, file=(shown := io.StringIO()))
    for table in tables(RESULTS, console):
        console.print(table)
    return shown.getvalue().splitlines()


@pytest.mark.parametrize("width", [60, 80, 120])
def test_every_case_keeps_its_name_and_its_figures_at_any_width(width: int) -> None:
    lines = _printed(width)
    assert max(map(len, lines)) <= width
    for result in RESULTS:
        (line,) = [line for line in lines if line.startswith(result.case.partition("/")[2])]
        for figure in ("5.46 us", "7.96 us") if result.benchmark == "events" else ("30.0 ms", "33.0 ms"):
            assert figure in line


def test_columns_without_room_are_named() -> None:
    narrow, wide = (" ".join(" ".join(_printed(width)).split()) for width in (60, 120))
    assert "in a wider terminal: cpu %, idle cpu %, memory mb" in narrow
    assert "in a wider terminal" not in wide


def test_headings_that_do_not_speak_for_themselves_are_explained_under_the_tables_that_have_them() -> None:
    captions = {str(table.title): str(table.caption or "") for table in tables(RESULTS, Console(width=120))}
    assert captions["latency"] == (
        "busy: while other threads are busy; rep.: reported by the devices; level ratio: heard to played"
    )
    assert captions["callback"] == "broken: sound that came too late"
    assert captions["session"] == captions["events"] == ""
    (narrow, *_) = tables(RESULTS, Console(width=60))
    assert "rep.:" in str(narrow.caption)
    assert "level ratio:" not in str(narrow.caption), "its column has no room"


@pytest.mark.parametrize("width", [60, 80])
def test_changes_keep_case_figure_and_judgement_at_any_width(width: int) -> None:
    cases = ("session/turn", "callback/python-sounddevice/all_cores/480")
    before = tuple(_ms(case, block_ms=10.0, **TURN, **PLAYED) for case in cases)
    worse = {"idle_cpu_percent": 3.95, "memory_mb": 1800.0, "broken_ms": 400.0}
    now = tuple(_ms(case, 90.0, block_ms=10.0, **{**TURN, **PLAYED, **worse}) for case in cases)
    console = Console(width=width, file=(shown := io.StringIO()))
    print_changes(console, compare("old.json", Document({}, before), Document({}, now)))
    lines = shown.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    rows = [line.split() for line in lines]
    assert all([case] in rows for case in cases)
    assert ["idle", "CPU", "1.34", "%", "3.95", "%", "+195", "%", "±0.268", "%", "worse"] in rows
    assert ["memory", "326", "MB", "1800", "MB", "+452", "%", "±65.2", "MB", "worse"] in rows
    (p50,) = [row for row in rows if row[:1] == ["p50"]]
    assert (p50[1:7], p50[-1]) == (["30.0", "ms", "90.0", "ms", "+200", "%"], "worse")


def test_a_figure_below_zero_is_shown_as_it_was_measured() -> None:
    assert [with_unit(value, "ms") for value in (12.34, 0.0, -1.5)] == ["12.3 ms", "0.00 ns", "-1.50 ms"]
