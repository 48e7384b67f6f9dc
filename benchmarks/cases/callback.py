"""`voice bench callback`: does sound arrive in time while Python is busy? Ours against callbacks written in Python.

All designs play from a buffer of one second that Python keeps full. The virtual backend has no device: its clock is a
Python thread that makes up for what it missed, so only its gaps say something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from benchmarks.case import Case
from benchmarks.report.results import Quantiles, Result
from benchmarks.rigs.loads import LOADS
from benchmarks.rigs.native_playback import run_ours
from benchmarks.rigs.python_callback import LIBRARIES
from benchmarks.rigs.python_playback import run_python
from benchmarks.signals.dropouts import Delivery
from benchmarks.timing import quantiles
from engine.audio.device.registry import backend_names
from engine.audio.types import StreamRequest

_USUAL_FRAMES = 480
_SHORT_FRAMES = (120, 240)
"""Shorter blocks that a person might want, at 48 kHz."""
_QUICK_S, _SHORT_S, _FULL_S = 0.4, 10.0, 20.0
_WITHOUT_DEVICE = "virtual"
_QUICK = {
    ("sounddevice", "idle"),
    *((design, "spinning") for design in ("sounddevice", "pyaudio", "python-sounddevice")),
}
"""Designs and loads of a quick run: that ours is whole and the other is not, is seen at once."""

_Run = Callable[[float], Delivery]


def cases(devices: StreamRequest) -> list[Case]:
    """Every design under every load with the usual block, and ours under load with shorter ones; on these devices."""
    return [
        Case(
            f"callback/{design}/{load}/{frames}",
            partial(_measure, design, load, run),
            _QUICK_S,
            _FULL_S if frames == _USUAL_FRAMES and load in ("spinning", "c_calls") else _SHORT_S,
            in_quick=frames == _USUAL_FRAMES and (design, load) in _QUICK,
        )
        for design, load, frames, run in _runs(devices)
    ]


def _runs(devices: StreamRequest) -> Iterator[tuple[str, str, int, _Run]]:
    """Yield design, load, block length and how it is run."""
    for load in LOADS:
        for name in backend_names():
            named = StreamRequest() if name == _WITHOUT_DEVICE else devices
            yield name, load, _USUAL_FRAMES, partial(run_ours, name, named, _USUAL_FRAMES, load)
        for library in LIBRARIES:
            run = partial(run_python, library, devices.output, _USUAL_FRAMES, load)
            yield f"python-{library}", load, _USUAL_FRAMES, run
    for frames in _SHORT_FRAMES:
        for load in ("spinning", "all_cores"):
            for name in backend_names():
                if name != _WITHOUT_DEVICE:
                    yield name, load, frames, partial(run_ours, name, devices, frames, load)


def _measure(design: str, load: str, run: _Run, seconds: float) -> Result:
    """Gaps between blocks, and the sound that was not there when the device wanted it."""
    delivery = run(seconds)
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
            "lost_percent": round(100 * delivery.lost, 1),
            "gap_ms_max": round(max(gaps_ms, default=0.0), 2),
            "gap_ms": [round(gap_ms, 2) for gap_ms in gaps_ms],
            "block_ms": round(delivery.block_ms, 3),
            "on_audio_thread": delivery.on_audio_thread,
        },
    )
