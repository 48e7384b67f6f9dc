"""`voice bench session`: how soon a session passes on what it hears and gets, against a server on this machine."""

from __future__ import annotations

from functools import partial
from typing import Any

from benchmarks.case import Case, Interrupted, Once
from benchmarks.report.results import Result
from benchmarks.rigs import delta_on_loop
from benchmarks.rigs.session_run import SessionFigures, run_session
from benchmarks.timing import quantiles, values_at
from engine.audio.types import StreamRequest
from engine.errors import StreamLostError

_WAYS = ("capture_to_wire", "wire_to_ring", "barge_in_to_silence", "turn")
"""The cases, and the lists of `SessionFigures` that they are made of."""
_QUICK_S, _FULL_S = 2.0, 64.0
"""Duration of the session that serves all parts: a full run has about 280 turns."""
_NEXT_QUICK_S, _NEXT_FULL_S = 0.01, 0.1
"""Duration of the parts after the first, which only look at what it has measured."""
_MOST_SAMPLES = 1000


def _held(devices: StreamRequest, busy: bool, seconds: float) -> SessionFigures:
    """Hold the session that serves all ways of a turn.

    Raises:
        Interrupted: by Ctrl+C; with all cases as far as the session had come.
    """
    figures = SessionFigures()
    try:
        run_session(seconds, figures, devices, busy=busy)
    except KeyboardInterrupt:
        raise Interrupted([_result(figures, way, busy) for way in _WAYS if getattr(figures, way)]) from None
    return figures


def cases(devices: StreamRequest, *, busy: bool = False) -> list[Case]:
    """The four ways of a turn, all measured in the same turns on the named devices; and deltas of some lengths.

    Args:
        devices: Names of the microphone and the speaker.
        busy: Measure the four ways again while a tool keeps its interpreter busy.
    """
    return [*_ways(devices, False), *(_ways(devices, True) if busy else ()), *delta_on_loop.cases()]


def _ways(devices: StreamRequest, busy: bool) -> list[Case]:
    run = Once(partial(_held, devices, busy))
    times_s = [(_QUICK_S, _FULL_S)] + [(_NEXT_QUICK_S, _NEXT_FULL_S)] * (len(_WAYS) - 1)
    ways = zip(_WAYS, times_s, strict=True)
    return [Case(_named(way, busy), partial(_measure, run, way, busy), *each_s) for way, each_s in ways]


def _named(way: str, busy: bool) -> str:
    return f"session/busy/{way}" if busy else f"session/{way}"


def _measure(run: Once[SessionFigures], name: str, busy: bool, seconds: float) -> Result:
    figures = run(seconds)
    if not getattr(figures, name):
        raise StreamLostError(f"The session came to an end before {name} could be measured.", fix="Try again.")
    return _result(figures, name, busy)


def _result(figures: SessionFigures, name: str, busy: bool) -> Result:
    samples_ms: list[float] = getattr(figures, name)
    p95, longest = values_at(samples_ms, 95, 100)
    return Result(
        "session",
        _named(name, busy),
        "ms",
        quantiles(samples_ms),
        extra={
            "p95": round(p95, 4),
            "max": round(longest, 4),
            "count": len(samples_ms),
            **(_of_session(figures) if name == "turn" else {}),
            "samples": [round(sample_ms, 4) for sample_ms in _thinned(samples_ms)],
        },
    )


def _rounded(figure: float | None) -> float | None:
    return None if figure is None else round(figure, 2)


def _thinned(samples_ms: list[float]) -> list[float]:
    """At most so many, evenly from all of the session: its beginning is not like the rest."""
    step = -(-len(samples_ms) // _MOST_SAMPLES)
    return samples_ms[::step]


def _of_session(figures: SessionFigures) -> dict[str, Any]:
    output = figures.info.output if figures.info else None
    return {
        "turns": figures.turns,
        "cpu_percent": _rounded(figures.cpu_percent),
        "idle_cpu_percent": _rounded(figures.idle_cpu_percent),
        "memory_mb": _rounded(figures.memory_mb),
        "backend": figures.info.backend if figures.info else "",
        "output": output.device if output else "",
        "block_ms": round(1000 * output.block_frames / output.rate_hz, 3) if output else 0.0,
    }
