"""The page of a run: well-formed, self-contained, told to those who do not see it, and whole with any part missing."""

from __future__ import annotations

import random
import re
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from benchmarks.report.comparison import compare
from benchmarks.report.document import Document
from benchmarks.report.results import Quantiles, Result
from benchmarks.timing import quantiles
from cli.bench.files import Destinations
from cli.bench.page.page import page
from engine.errors import LibraryMissingError

DICE = random.Random(1)
GAPS = [abs(DICE.gauss(10, 3)) + 0.1 for _ in range(500)]
MACHINE = {"cpu": "<b>&one", "cores": 2, "measured_at": "2026-11-25T10:00:00+00:00", "load": 0.5}


def _callback(design: str, lost_percent: float = 0.0, gaps: list[float] = GAPS) -> Result:
    extra: dict[str, Any] = {
        "delivered": len(gaps) + 1,
        "expected": 700,
        "broken_ms": 70 * lost_percent,
        "lost_percent": lost_percent,
        "gap_ms_max": max(gaps, default=0.0),
        "gap_ms": gaps,
        "block_ms": 10.0,
        "on_audio_thread": "python" if design.startswith("python") else "compiled",
    }
    figures = quantiles(gaps) if gaps else Quantiles(0.0, 0.0)
    return Result("callback", f"callback/{design}/spinning/480", "ms", figures, extra=extra)


def _latency(backend: str, frames: int, ms: float) -> Result:
    extra = {
        **{"measured_ms": ms, "busy_ms": ms, "reported_ms": 1.3 * ms, "jitter_ms": 0.0, "drift_ppm": 0.1},
        **{"dropped_frames": 0, "added_frames": 0, "amplitude_ratio": 1.0, "openings": 24, "block_ms": frames / 48},
        **{"output": "</svg><script>", "input": "vmic, ALSA"},
    }
    return Result("latency", f"latency/{backend}/{frames}", "ms", Quantiles(ms, ms), extra=extra)


def _session(part: str, samples: list[float]) -> Result:
    extra = {"p95": samples[0], "max": max(samples), "count": len(samples), "samples": samples}
    if part == "turn":
        extra |= {"turns": 20, "cpu_percent": 6.0, "idle_cpu_percent": 3.0, "memory_mb": 240.0}
    return Result("session", f"session/{part}", "ms", quantiles(samples), extra=extra)


DSP = Result("dsp", "dsp/x", "ns", Quantiles(10.0, 12.0), {"numpy": Quantiles(90.0, 95.0), "one": Quantiles(5.0, 9.0)})
RUNS = (
    _latency("sounddevice", 480, 30.0),
    _latency("pyaudio", 120, 15.0),
    _callback("sounddevice"),
    _callback("python-sounddevice", 40.5),
    _callback("silent", 100.0, gaps=[]),
    *(_session(part, [0.5, 0.6, 7.0] * 7) for part in ("capture_to_wire", "wire_to_ring", "turn")),
    _session("barge_in_to_silence", [5.0] * 20),
    DSP,
)


def _elements(html: str) -> Element:
    """The page as a tree: what HTML does not close or declare is made fit for the parser of XML."""
    text = re.sub(r"<(meta [^>]*)>", r"<\1/>", html.removeprefix("<!doctype html>"))
    return ElementTree.fromstring(text.replace("xlink:href", "href"))


def test_the_page_needs_nothing_but_itself() -> None:
    html = page(Document(MACHINE, RUNS))
    assert "<script" not in html
    assert not re.search(r"https?://|url\((?!#)|@import|src=|href=(?!\"#)", html)
    assert "&lt;b&gt;&amp;one" in html


def test_names_of_others_are_written_as_they_are_and_never_obeyed() -> None:
    name = "$\\frac$ </svg><script>alert(1)</script>"
    html = page(
        Document(
            {"cpu": name},
            (
                _callback(name.replace("/", "|")),
                Result("dsp", f"dsp/{name}", "ns", Quantiles(1.0, 1.0), {name: Quantiles(2.0, 2.0)}),
            ),
        ),
        note=name,
    )
    assert "<script" not in html
    assert html.count("$\\frac$ &lt;/svg&gt;&lt;script&gt;") >= 4
    assert sum(name in (text.text or "") for text in _elements(html).iter("text")) == 1


def test_every_chart_has_axes_with_units_a_title_and_a_description() -> None:
    charts = list(_elements(page(Document(MACHINE, RUNS))).iter("svg"))
    assert len(charts) == 1 + 1 + 2 + 4 + 1
    said = [chart.get("aria-label") or "" for chart in charts]
    assert len(set(said)) == len(charts), "no two charts share a name"
    for chart, label in zip(charts, said, strict=True):
        assert re.search(r"\. .*\d.*\.$", label), "a title, and a sentence with figures"
        texts = [text.text or "" for text in chart.iter("text")]
        assert any(unit in text for unit in ("ms", "%", "times") for text in texts)
        assert len([text for text in texts if re.fullmatch(r"[\d.]+", text)]) >= 2


def test_charts_take_every_colour_from_the_page_and_have_no_size_of_their_own() -> None:
    html = page(Document(MACHINE, RUNS))
    assert "prefers-color-scheme: dark" in html
    assert "width=device-width" in html
    for chart in re.findall(r"<svg.*?</svg>", html, re.DOTALL):
        assert not re.search(r"#[0-9a-f]{6}\b|black|white|rgb", chart)
        assert not re.search(r"<svg[^>]* width=", chart)
        assert "viewBox=" in chart
    for name in set(re.findall(r"var\((--\w+)\)", html)):
        assert html.count(f"{name}: #") == 2, "in light and in dark"


def test_nothing_is_drawn_outside_its_chart() -> None:
    for chart in _elements(page(Document(MACHINE, RUNS))).iter("svg"):
        _, _, width, height = (float(edge) for edge in (chart.get("viewBox") or "").split())
        assert "nan" not in ElementTree.tostring(chart, encoding="unicode")
        for text in chart.iter("text"):
            assert 0 <= float(text.get("x", 0)) <= width
            assert 0 <= float(text.get("y", 0)) <= height
        for path in chart.iter("path"):
            numbers = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", path.get("d") or "")]
            assert all(-6 <= number <= max(width, height) + 1 for number in numbers)


def test_equal_figures_make_equal_pages() -> None:
    assert page(Document(MACHINE, RUNS)) == page(Document(MACHINE, RUNS))


def test_every_part_has_a_table_with_all_its_cases() -> None:
    tree = _elements(page(Document(MACHINE, RUNS)))
    tables = list(tree.iter("table"))
    assert len(tables) == 4
    assert all(list(made.iter("th")) for made in tables)
    cells = {cell.text for made in tables for cell in made.iter("th")}
    assert cells >= {run.case.partition("/")[2] for run in RUNS}


def test_the_verdict_is_the_first_thing_and_states_its_rule() -> None:
    html = page(Document(MACHINE, RUNS))
    assert html.index("--backend sounddevice --block-ms 10") < html.index("<svg")
    assert "How it is chosen:" in html
    assert "callbacks in Python lost 40.5 % (sounddevice)" in html


@pytest.mark.parametrize("benchmark", ["latency", "callback", "session", "dsp", "none"])
def test_any_part_alone_makes_a_page_that_says_what_is_not_known(benchmark: str) -> None:
    runs = tuple(run for run in RUNS if run.benchmark == benchmark)
    html = page(Document({}, runs, quick=True), note="It was interrupted.")
    _elements(html)
    assert "It was interrupted." in html
    assert "This was a quick run" in html
    assert ("No recommendation" in html) == (benchmark != "callback")


def test_changes_since_an_older_run_are_part_of_the_page() -> None:
    slower = Result("dsp", "dsp/x", "ns", Quantiles(40.0, 41.0), DSP.peers)
    now = Document(MACHINE, (slower,))
    html = page(now, compare("old.json", Document(MACHINE, (DSP,)), now))
    assert "Since old.json" in html
    assert '<td class="worse">worse</td>' in html


@pytest.mark.parametrize("package", ["matplotlib", "jinja2"])
def test_without_its_packages_no_page_is_promised(
    package: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(LibraryMissingError, match=package) as refused:
        Destinations(html=tmp_path / "page.html").check()
    assert 'pip install "voice-realtime[report]"' in refused.value.fix
