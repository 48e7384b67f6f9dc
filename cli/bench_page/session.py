"""The page's part on a session: how long each way of a turn takes."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from benchmarks.results import Result
from cli.bench_page.histogram import histogram
from cli.bench_page.markup import element, table

_PARTS = {
    "session/capture_to_wire": "A microphone block's last frame to the socket",
    "session/wire_to_ring": "An answer on the socket to the playback ring",
    "session/barge_in_to_silence": "speech_started on the socket to silence at the speaker",
    "session/turn": "End of speech to the first sound of the answer",
}
_CLASSES = ("s0", "s1", "s5", "s2")
_RUN = {
    "turns": "turns held",
    "idle_cpu_percent": "processor, idle, % of a core",
    "cpu_percent": "processor, in turns, % of a core",
    "memory_mb": "memory at most, MB",
    "backend": "backend",
    "output": "speaker",
    "block_ms": "block, ms",
}


def session_part(results: Sequence[Result]) -> list[Element]:
    """Return the figures, or nothing where no session was measured."""
    runs = [each for each in results if each.case in _PARTS]
    if not runs:
        return []
    drawn = [
        element(
            "div",
            element("h4", _PARTS[run.case]),
            histogram(
                _PARTS[run.case],
                run.extra["samples"],
                run.ours,
                class_,
                unit="times (log)",
                size=(440, 220),
                is_log=True,
            ),
        )
        for run, class_ in zip(runs, _CLASSES, strict=False)
        if run.extra.get("samples")
    ]
    rows = [
        [
            _PARTS[run.case],
            *(f"{value:.2f}" for value in (run.ours.p50, run.extra["p95"], run.ours.p99, run.extra["max"])),
            str(run.extra["count"]),
        ]
        for run in runs
    ]
    held = next((run.extra for run in runs if run.case == "session/turn"), {})
    whole = [[words, _shown(held[name])] for name, words in _RUN.items() if held.get(name) is not None]
    return [
        element("h2", "A session, against a scripted server on this machine"),
        element(
            "figure",
            element(
                "figcaption",
                element("h3", "How long each way of a turn takes"),
                element("p", "A real session with real devices: only what the server says is scripted."),
            ),
            element("div", *drawn, class_="halves"),
            table(("from, to", "p50, ms", "p95, ms", "p99, ms", "max, ms", "times"), rows, "The same in figures."),
            *([table(("the session", ""), whole, "What the session took of the machine.")] if whole else []),
        ),
    ]


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
