"""The page's part on the benchmarks that run beside rivals: how many times as fast ours is, and all figures."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from xml.etree.ElementTree import Element

from benchmarks.results import Result
from cli.bench_page.chart import Chart
from cli.bench_page.markup import element, table
from cli.bench_table import with_unit

_ELSEWHERE = ("latency", "session", "callback")
_ROW_PX = 20.0


def rivals_part(results: Sequence[Result]) -> list[Element]:
    """Return a figure for each benchmark with rivals that was run."""
    runs = [each for each in results if each.benchmark not in _ELSEWHERE]
    if not runs:
        return []
    return [
        element("h2", "Beside rivals, in the same run"),
        *(_figure(name, list(of_it)) for name, of_it in groupby(runs, key=lambda each: each.benchmark)),
    ]


def _figure(benchmark: str, runs: Sequence[Result]) -> Element:
    compared = [(f"{_case(run)}, {rival}", ratio) for run in runs for rival, ratio in run.ratio.items()]
    rows = [
        row
        for run in runs
        for row in (
            [_case(run), "ours", with_unit(run.ours.p50, run.unit), with_unit(run.ours.p99, run.unit), ""],
            *(
                [
                    "",
                    name,
                    with_unit(peer.p50, run.unit),
                    with_unit(peer.p99, run.unit),
                    f"{run.ratio[name]:.2f}" if name in run.ratio else "",
                ]
                for name, peer in run.peers.items()
            ),
        )
    ]
    return element(
        "figure",
        element("figcaption", element("h3", benchmark)),
        *([_chart(benchmark, compared)] if compared else []),
        table(("case", "who", "p50", "p99", "times as fast"), rows, "Medians and 99th percentiles, ours and rivals'."),
    )


def _chart(benchmark: str, compared: Sequence[tuple[str, float]]) -> Element:
    high = 10.0
    while high < max(ratio for _, ratio in compared) * 1.3:
        high *= 10
    low = 1.0
    while low > min(ratio for _, ratio in compared):
        low /= 10
    chart = Chart(
        f"{benchmark}: how many times as fast ours is",
        "; ".join(f"{name}: {ratio:.2f}" for name, ratio in compared) + ".",
        (low, high, "times as fast as the rival (log)"),
        (0, len(compared), ""),
        size=(860, 62 + _ROW_PX * len(compared)),
        left=300,
        is_x_log=True,
        categories=tuple(name for name, _ in compared),
    )
    for row, (_, ratio) in enumerate(compared):
        chart.row_bar(row, ratio, f"{ratio:.3g} x", "s0" if ratio >= 1 else "s2")
    return chart.svg


def _case(run: Result) -> str:
    return run.case.removeprefix(f"{run.benchmark}/")
