"""`voice bench callback`: does sound arrive in time while Python is busy? Ours against a callback written in Python.

All designs play from a buffer of one second that Python keeps full, in blocks of 10 ms. The virtual backend has no
device: its clock is a Python thread that makes up for what it missed, so only its gaps say something.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from benchmarks.callback_native import run_ours
from benchmarks.callback_python import run_python_callback
from benchmarks.case import Case
from benchmarks.delivery import LOADS, Delivery
from benchmarks.results import Quantiles, Result
from benchmarks.timing import quantiles
from engine.audio.discovery import backend_names

_PYTHON_DESIGN = "python-sounddevice"
_QUICK_S, _FULL_S = 0.5, 10.0


def cases() -> list[Case]:
    """Every backend of ours and the Python callback, idle and beside two spinning threads."""
    runs: dict[str, Callable[[float], Delivery]] = {name: partial(run_ours, name) for name in backend_names()}
    runs[_PYTHON_DESIGN] = run_python_callback
    return [
        Case(f"callback/{design}/{load}", partial(_measure, design, load, run), _QUICK_S, _FULL_S)
        for load in LOADS
        for design, run in runs.items()
    ]


def _measure(design: str, load: str, run: Callable[[float], Delivery], seconds: float) -> Result:
    with LOADS[load]():
        delivery = run(seconds)
    return _result(design, load, delivery)


def _result(design: str, load: str, delivery: Delivery) -> Result:
    """Gaps between blocks, and the sound that was not there when the device wanted it."""
    gaps_ms = delivery.gaps_ms
    gaps = quantiles(gaps_ms) if gaps_ms else Quantiles(0.0, 0.0)
    return Result(
        "callback",
        f"callback/{design}/{load}/{delivery.block_frames}",
        "ms",
        gaps,
        extra={
            "delivered": delivery.calls,
            "expected": delivery.expected_calls,
            "broken_ms": round(delivery.broken_ms, 1),
            "gap_ms_max": round(max(gaps_ms, default=0.0), 2),
            "block_ms": round(delivery.block_ms, 2),
            "on_audio_thread": delivery.on_audio_thread,
        },
    )
