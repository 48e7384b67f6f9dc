"""Times ours and its rivals alternately, so that whatever else the machine does hits all of them alike."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping

import numpy as np

from benchmarks.results import Quantiles

_SAMPLE_NS = 20_000
"""A sample is as many calls as take this long: the clock's own 50 ns then weigh less than one percent."""
_MOST_CALLS = 10_000


def interleaved(functions: Mapping[str, Callable[[], object]], seconds: float) -> dict[str, Quantiles]:
    """Measure functions in turns.

    Args:
        functions: By name; each is called without arguments.
        seconds: How long all of it may take.

    Returns:
        Nanoseconds of one call: the median, and the 99th percentile, of the samples of each.
    """
    calls = {name: _calls_per_sample(function) for name, function in functions.items()}
    samples: dict[str, list[float]] = {name: [] for name in functions}
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        end_s = time.perf_counter() + seconds
        while time.perf_counter() < end_s:
            for name, function in functions.items():
                samples[name].append(_time(function, calls[name]))
    finally:
        if was_enabled:
            gc.enable()
    return {
        name: Quantiles(*(float(value) for value in np.percentile(taken, [50, 99]))) for name, taken in samples.items()
    }


def _time(function: Callable[[], object], calls: int) -> float:
    began_ns = time.perf_counter_ns()
    for _ in range(calls):
        function()
    return (time.perf_counter_ns() - began_ns) / calls


def _calls_per_sample(function: Callable[[], object]) -> int:
    function()
    return max(1, min(_MOST_CALLS, int(_SAMPLE_NS / max(1.0, _time(function, 3)))))
