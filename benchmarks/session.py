"""`voice bench session`: how soon a session passes on what it hears and gets, against a server on this machine."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks.case import Case
from benchmarks.results import Result
from benchmarks.session_run import SessionFigures, run_session
from benchmarks.timing import quantiles, values_at
from engine.errors import StreamLostError, VoiceError

_PARTS: dict[str, Callable[[SessionFigures], list[float]]] = {
    "capture_to_wire": lambda figures: figures.capture_to_wire,
    "wire_to_ring": lambda figures: figures.wire_to_ring,
    "barge_in_to_silence": lambda figures: figures.barge_in_to_silence,
    "turn": lambda figures: figures.turn,
}
_QUICK_S, _FULL_S = 0.5, 16.0
"""Of each part: a full run of all four has about 280 turns."""
_MOST_SAMPLES = 500


class _Run:
    """One session that serves all cases; it is held when the first of them is measured."""

    def __init__(self) -> None:
        self._outcome: SessionFigures | VoiceError | None = None

    def figures(self, seconds: float) -> SessionFigures:
        """Return the figures; raise what the session failed with, for each case."""
        if self._outcome is None:
            try:
                self._outcome = run_session(seconds)
            except VoiceError as error:
                self._outcome = error
        if isinstance(self._outcome, VoiceError):
            raise type(self._outcome)(self._outcome.message, fix=self._outcome.fix)
        return self._outcome


def cases() -> list[Case]:
    """The four ways of a turn, all measured in the same turns."""
    run = _Run()
    return [Case(f"session/{name}", partial(_measure, run, name), _QUICK_S, _FULL_S) for name in _PARTS]


def _measure(run: _Run, name: str, seconds: float) -> Result:
    figures = run.figures(len(_PARTS) * seconds)
    samples_ms = _PARTS[name](figures)
    if not samples_ms:
        raise StreamLostError(f"The session came to an end before {name} could be measured.", fix="Try again.")
    p95, longest = values_at(samples_ms, 95, 100)
    return Result(
        "session",
        f"session/{name}",
        "ms",
        quantiles(samples_ms),
        extra={
            "p95": round(p95, 4),
            "max": round(longest, 4),
            "count": len(samples_ms),
            **(_of_session(figures) if name == "turn" else {}),
            "samples": [round(sample_ms, 4) for sample_ms in samples_ms[:_MOST_SAMPLES]],
        },
    )


def _of_session(figures: SessionFigures) -> dict[str, Any]:
    output = figures.info.output if figures.info else None
    return {
        "turns": figures.turns,
        "cpu_percent": round(figures.cpu_percent, 2),
        "idle_cpu_percent": round(figures.idle_cpu_percent, 2),
        "memory_mb": None if figures.memory_mb is None else round(figures.memory_mb, 1),
        "backend": figures.info.backend if figures.info else "",
        "output": output.device if output else "",
        "block_ms": round(1000 * output.block_frames / output.rate_hz, 3) if output else 0.0,
    }
