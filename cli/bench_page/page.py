"""The whole page of a run: one file that needs no network and no script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element

from benchmarks.comparison import Comparison
from benchmarks.document import Document
from benchmarks.results import Result
from benchmarks.verdict import RULE, recommendation, sentences
from cli.bench_page.callbacks import callback_part
from cli.bench_page.changes import changes_part
from cli.bench_page.latency import latency_part
from cli.bench_page.markup import document, element, prose
from cli.bench_page.rivals import rivals_part
from cli.bench_page.session import session_part
from cli.bench_page.style import STYLE
from cli.bench_words import QUICK


def page(run: Document, comparison: Comparison | None = None, *, note: str = "") -> str:
    """Write a run as HTML.

    Args:
        run: The figures and their machine.
        comparison: With an older run, if that was asked for.
        note: What else has to be known about the run, such as that it was interrupted.

    Example:
        >>> Path("figures.html").write_text(page(read_document(Path("figures.json"))), encoding="utf-8")
    """
    parts = [
        *([] if comparison is None else changes_part(comparison)),
        *latency_part(run.results),
        *callback_part(run.results),
        *session_part(run.results),
        *rivals_part(run.results),
    ]
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", "voice bench"),
        element("style", STYLE),
    )
    body = element(
        "body",
        element("h1", "Sound on this machine, measured"),
        element("p", _machine(run.machine), class_="machine"),
        *(element("p", words) for words in (QUICK if run.quick else "", note) if words),
        _verdict(run.results),
        *parts,
    )
    return document(element("html", head, body, lang="en"))


def _verdict(results: Sequence[Result]) -> Element:
    first, *more = recommendation(results)
    return element(
        "section",
        prose(first, class_="first"),
        element("ul", *(element("li", prose(sentence)) for sentence in (*more, *sentences(results)))),
        element("p", RULE, class_="soft"),
        class_="verdict",
        aria_label="Verdict",
    )


def _machine(machine: Mapping[str, Any]) -> str:
    parts = [
        str(machine.get("measured_at", "")).replace("T", " ").replace("+00:00", " UTC"),
        f"{machine.get('cpu', 'unknown processor')}, {machine.get('cores', '?')} cores ({machine.get('arch', '?')})",
        str(machine.get("os", "")),
        f"Python {machine.get('python', '?')}",
        f"load before the run: {machine['load']:g}" if isinstance(machine.get("load"), int | float) else "",
    ]
    return "; ".join(part for part in parts if part)
