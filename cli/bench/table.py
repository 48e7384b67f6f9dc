"""The figures of `voice bench` as tables: a row for ours and for each rival, with how many times faster ours is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, JustifyMethod
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from benchmarks.report.results import Quantiles, Result, with_unit
from cli.language.spoken import translated, word

_MISSING = "missing"
_ONLY_IN_FILE = {
    *("group_delay_ms", "withheld_ms", "text_bytes"),
    *("block_ms", "on_audio_thread", "rate_hz", "native", "input", "output", "backend"),
    *("measured_ms", "openings", "count", "xruns"),
    *(
        "path_ms",
        "room",
        "converged_s",
        "added_ms",
        "first_steps_missed",
        "second_steps_missed",
        "first_steps_false",
        "second_steps_false",
    ),
}
"""Figures that would make the tables too wide for a terminal of 80 columns."""
_ANY_WIDTH = 10_000
TEXTS = (word("case"), word("who"))
"""Headings of text columns; the others are figures."""
_CLOSE = (0, 0, 0, 0)
"""Padding, as a table gives it back."""
_HEADINGS = {"amplitude_ratio": "level_ratio", "lost_percent": "lost_%", "cpu_percent": "cpu_%"}
_HEADINGS |= {"idle_cpu_percent": "idle_cpu_%", "reported_ms": "rep._ms", "dropped_frames": "lost_frames"}
_HEADINGS |= {"after_jump_db": "jump_db", "reconverged_s": "recov._s", "near_loss_db": "loss_db"}
_HEADINGS |= {"first_step_ms": "step_1_ms", "second_step_ms": "step_2_ms", "longest_hold_ms": "hold_ms"}
"""Shorter than what the file says."""
_MEANINGS = {
    "busy_ms": "busy: while other threads are busy",
    "reported_ms": "rep.: reported by the devices",
    "amplitude_ratio": "level ratio: heard to played",
    "broken_ms": "broken: sound that came too late",
    "longest_hold_ms": "hold: the longest time the event loop was held up",
    "erle_db": "erle: by how much the echo got quieter after 4 s; jump: from 5 s after the path got 60 ms longer",
    "reconverged_s": "recov.: time until 20 dB again",
    "near_loss_db": "loss: of a person's voice while both talk",
    "first_step_ms": "steps: from the first word spoken over the agent until the agent is turned down",
    "answer_s": "client: its processor time while it plays an answer of this length",
}
"""Explanations of the headings, under the tables that have them."""
_ABOUT = {
    "dsp": "_kept: the addresses of arrays are looked up once, as in a session, not in each call",
    "ring": "native_pair: from one compiled function to another. From Python a queue of objects is faster to call, "
    "but the audio thread could not read it without the interpreter",
    "echo": "10 ms of microphone and speaker at 48 kHz, processed as in a session by default; over devices nobody "
    "speaks and nothing moves, so figures that need either are missing",
    "port": "rival: the same work in Python, for which the audio thread would have to wait",
}
"""Explanations of a benchmark's rows, by its name."""
_IN_UNIT = frozenset({"p95", "max"})
"""Figures in the unit of the case itself."""


def tables(results: Iterable[Result], console: Console) -> Iterator[Table]:
    """Yield one table for each benchmark, in the order in which they ran.

    Where the console is narrow they are closer, and then have fewer columns: their captions name those that are left
    out, for a case without its name, or half a figure, is worth nothing.
    """
    for benchmark, of_it in groupby(results, key=lambda result: result.benchmark):
        yield _fitting(benchmark, list(of_it), console)


def _fitting(benchmark: str, results: Sequence[Result], console: Console) -> Table:
    def is_too_wide(table: Table) -> bool:
        return Measurement.get(console, console.options.update(max_width=_ANY_WIDTH), table).maximum > console.width

    measured = [name for name in measured_besides(results) if name not in _ONLY_IN_FILE]
    table = _table(benchmark, results, measured)
    count = len(measured)
    while is_too_wide(table) and (count > 0 or table.padding != _CLOSE):
        count -= table.padding == _CLOSE
        table = _table(benchmark, results, measured[:count], measured[count:])
        table.padding = _CLOSE[:2]
    return table


def _table(benchmark: str, results: Sequence[Result], measured: Sequence[str], left_out: Sequence[str] = ()) -> Table:
    headings, rows = grid(results, measured)
    table = Table(title=benchmark, title_justify="left", caption_justify="left", box=SIMPLE_HEAD)
    table.show_edge = False
    table.pad_edge, table.collapse_padding = False, True
    wider = [f"in a wider terminal: {', '.join(_heading(name) for name in left_out)}"] if left_out else []
    table.caption = "\n".join(map(translated, [*notes(results, measured), *wider])) or None
    for heading in headings:
        justify: JustifyMethod = "left" if heading in TEXTS else "right"
        table.add_column(
            translated(heading).replace(" ", "\n"), justify=justify, no_wrap=heading != "who", overflow="fold"
        )
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def grid(results: Sequence[Result], measured: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    """Return the headings and the rows of one benchmark's table as text.

    Args:
        results: Its cases.
        measured: What else gets a column, by name in `extra`.
    """
    compares = any(result.peers for result in results)
    headings = ["case", *(["who"] if compares else []), "p50", "p99", *(["ours faster"] if compares else [])]
    rows = []
    for result in results:
        for case, who, figures, ratio, extra in _rows(result):
            cells = [case, *([translated(who)] if compares else []), *_figures(figures, result.unit)]
            cells += [ratio] if compares else []
            cells += [_shown(extra.get(name, ""), result.unit if name in _IN_UNIT else "") for name in measured]
            rows.append(cells)
    return [*headings, *map(_heading, measured)], rows


def notes(results: Sequence[Result], measured: Sequence[str]) -> list[str]:
    """Return the notes under a table: missing rivals, and explanations of headings."""
    about = [_ABOUT[name] for name in dict.fromkeys(result.benchmark for result in results) if name in _ABOUT]
    missing = dict.fromkeys(name for result in results for name in result.extra.get(_MISSING, ()))
    meant = [_MEANINGS[name] for name in measured if name in _MEANINGS]
    return [
        *([f"not installed, so not measured: {', '.join(missing)}"] if missing else []),
        *(["; ".join(meant)] if meant else []),
        *about,
    ]


def _heading(name: str) -> str:
    return _HEADINGS.get(name, name).replace("_", " ")


def measured_besides(results: Sequence[Result]) -> list[str]:
    """Return names of what the cases measured besides; rivals' own figures stand in their rows, samples in the file."""
    found = ((name, value) for result in results for name, value in _extra(result).items() if name not in result.peers)
    return list(dict.fromkeys(name for name, value in found if not isinstance(value, list | tuple | dict)))


def _extra(result: Result) -> Mapping[str, Any]:
    """The other figures; blocks delivered and expected in one column."""
    extra = dict(result.extra)
    if extra.keys() >= {"delivered", "expected"}:
        return {"blocks": f"{extra.pop('delivered')}/{extra.pop('expected')}", **extra}
    return extra


def _rows(result: Result) -> Iterator[tuple[str, str, Quantiles, str, Mapping[str, Any]]]:
    yield result.case.removeprefix(f"{result.benchmark}/"), word("ours"), result.ours, "", _extra(result)
    ratio = result.ratio
    for name, peer in result.peers.items():
        faster = f"{ratio[name]:.2f} x" if name in ratio else ""
        yield "", name, peer, faster, result.extra.get(name, {})


def _figures(figures: Quantiles, unit: str) -> tuple[str, str]:
    return with_unit(figures.p50, unit), with_unit(figures.p99, unit)


def _shown(value: object, unit: str) -> str:
    if value is None:
        return "?"
    if unit and isinstance(value, float):
        return with_unit(value, unit)
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return str(value)
