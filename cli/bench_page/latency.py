"""The page's part on latency: the round trip by block size, and measured against reported."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from benchmarks.results import Result
from cli.bench_page.axes import round_up
from cli.bench_page.chart import Chart, legend
from cli.bench_page.markup import element, table
from cli.bench_page.series import class_of, name_of

_HEADINGS = (
    *("backend, block", "measured, ms", "busy, ms", "reported, ms", "spread, ms", "drift, ppm"),
    *("frames dropped", "added", "level ratio", "openings"),
)


def latency_part(results: Sequence[Result]) -> list[Element]:
    """Return the figures, or nothing where latency was not measured."""
    runs = sorted((each for each in results if each.benchmark == "latency"), key=lambda each: each.extra["block_ms"])
    if not runs:
        return []
    first = runs[0].extra
    pair = f"Chirps from {first['output']} to {first['input']}"
    return [
        element("h2", "Latency"),
        element(
            "figure",
            element(
                "figcaption",
                element("h3", "Round trip by block size"),
                element("p", f"{pair}, counted in samples. A line that is not smooth shows how the system buffers."),
            ),
            _by_block(runs),
            _legend(runs),
            _table(runs),
        ),
        element(
            "figure",
            element(
                "figcaption",
                element("h3", "Measured against reported"),
                element("p", "What lies on the broken line is as late as its devices say; below it, sound is earlier."),
            ),
            _against(runs),
            legend({class_of(design): name_of(design) for design in _designs(runs)}),
            table(
                ("backend, block", "measured, ms", "reported, ms", "difference, ms"),
                [[_name(run), *(f"{value:.2f}" for value in _difference(run))] for run in runs],
                "What the devices report, and what sound takes.",
            ),
        ),
    ]


def _by_block(runs: Sequence[Result]) -> Element:
    longest = round_up(max(run.extra["block_ms"] for run in runs) * 1.02)
    latest = round_up(max(max(run.ours.p50, run.extra["reported_ms"]) for run in runs) * 1.05)
    said = "; ".join(f"{_name(run)} {run.ours.p50:.2f} ms" for run in runs)
    chart = Chart(
        "Round trip by block size", f"Measured: {said}.", (0, longest, "block, ms"), (0, latest, "round trip, ms")
    )
    for number, design in enumerate(_designs(runs)):
        of_design = [run for run in runs if _design(run) == design]
        for class_, values in (
            ("reported ", [run.extra["reported_ms"] for run in of_design]),
            ("", [run.ours.p50 for run in of_design]),
        ):
            points = list(zip((run.extra["block_ms"] for run in of_design), values, strict=True))
            # Where two backends are alike, one lies under the other: the first is drawn wide to be seen there too.
            chart.line(points, f"{class_}{'' if number else 'wide '}{class_of(design)}")
            for point in points:
                chart.dot(*point, class_of(design), is_hollow=number % 2 == 1)
    return chart.svg


def _against(runs: Sequence[Result]) -> Element:
    latest = round_up(max(max(run.ours.p50, run.extra["reported_ms"]) for run in runs) * 1.1)
    said = "; ".join(f"{_name(run)}: {_difference(run)[2]:+.2f} ms" for run in runs)
    chart = Chart(
        "Measured against reported",
        f"Measured less reported: {said}.",
        (0, latest, "reported by the devices, ms"),
        (0, latest, "measured, ms"),
        size=(720, 340),
    )
    chart.line([(0, 0), (latest, latest)], "mark")
    noted = set[tuple[float, float]]()
    for number, design in enumerate(_designs(runs)):
        for run in runs:
            if _design(run) == design:
                measured_ms, reported_ms, _ = _difference(run)
                chart.dot(reported_ms, measured_ms, class_of(design), is_hollow=number % 2 == 1)
                noted.add((round(reported_ms, 1), round(measured_ms, 1)))
    for reported_ms, measured_ms in noted:
        blocks = sorted(
            {
                run.extra["block_ms"]
                for run in runs
                if (round(run.extra["reported_ms"], 1), round(run.ours.p50, 1)) == (reported_ms, measured_ms)
            }
        )
        chart.note(reported_ms, measured_ms, f"{' and '.join(f'{block:g}' for block in blocks)} ms blocks")
    return chart.svg


def _legend(runs: Sequence[Result]) -> Element:
    return legend(
        {
            **{class_of(design): f"{name_of(design)}, measured" for design in _designs(runs)},
            **{f"{class_of(design)} reported": f"{name_of(design)}, reported" for design in _designs(runs)},
        }
    )


def _table(runs: Sequence[Result]) -> Element:
    rows = [
        [
            _name(run),
            f"{run.ours.p50:.2f}",
            f"{run.extra['busy_ms']:.2f}",
            f"{run.extra['reported_ms']:.2f}",
            *(
                f"{run.extra[name]:g}"
                for name in (
                    *("jitter_ms", "drift_ppm", "dropped_frames"),
                    *("added_frames", "amplitude_ratio", "openings"),
                )
            ),
        ]
        for run in runs
    ]
    return table(_HEADINGS, rows, "Every opening of the devices; every second one beside busy threads of Python.")


def _difference(run: Result) -> tuple[float, float, float]:
    return run.ours.p50, run.extra["reported_ms"], run.ours.p50 - run.extra["reported_ms"]


def _designs(runs: Sequence[Result]) -> list[str]:
    return list(dict.fromkeys(_design(run) for run in runs))


def _design(run: Result) -> str:
    return run.case.split("/")[1]


def _name(run: Result) -> str:
    return f"{_design(run)}, {run.extra['block_ms']:g} ms"
