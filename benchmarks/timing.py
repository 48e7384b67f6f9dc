"""Times ours and its rivals alternately, so that whatever else the machine does hits all of them alike."""

from __future__ import annotations

import contextlib
import gc
import time
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from benchmarks.report.results import Quantiles

_SAMPLE_NS = 20_000
"""A sample is as many calls as take this long: the clock's own 50 ns then weigh less than one percent."""
_MOST_CALLS = 10_000


def interleaved(
    functions: Mapping[str, Callable[[], object]], seconds: float, *, calls: int | None = None, least_rounds: int = 5
) -> dict[str, Quantiles]:
    """Measure functions in turns, one sample of each per round, each round led by another one.

    Args:
        functions: By name; each is called without arguments.
        seconds: How long all of it may take.
        calls: Calls that make up a sample; None takes as many as last 20 us. What works in bursts, such as a
            resampler that withholds, needs samples longer than its burst.
        least_rounds: Samples that each function gets however slow it is.

    Returns:
        Nanoseconds of one call: the median, and the 99th percentile, of the samples of each. The garbage collector
        rests meanwhile.
    """
    names = list(functions)
    samples: dict[str, list[float]] = {name: [] for name in names}
    with _without_garbage_collection():
        counts = {name: calls or _calls_per_sample(function) for name, function in functions.items()}
        deadline_s = time.perf_counter() + seconds
        rounds = 0
        while rounds < least_rounds or time.perf_counter() < deadline_s:
            first = rounds % len(names)
            for name in names[first:] + names[:first]:
                samples[name].append(_time_ns(functions[name], counts[name]))
            rounds += 1
    return {name: quantiles(taken) for name, taken in samples.items()}


def quantiles(values: list[float]) -> Quantiles:
    """The median and the 99th percentile of at least one value."""
    p50, p99 = values_at(values, 50, 99)
    return Quantiles(p50, p99)


def values_at(values: list[float], *percents: float) -> list[float]:
    """Return the values below which the given percentages of a sample lie.

    Example:
        >>> values_at([1.0, 2.0, 3.0], 0, 50, 100)
        [1.0, 2.0, 3.0]
    """
    return [float(value) for value in np.percentile(values, percents)]


@contextlib.contextmanager
def _without_garbage_collection() -> Iterator[None]:
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _time_ns(function: Callable[[], object], calls: int) -> float:
    began_ns = time.perf_counter_ns()
    for _ in range(calls):
        function()
    return (time.perf_counter_ns() - began_ns) / calls


def _calls_per_sample(function: Callable[[], object]) -> int:
    function()
    return max(1, min(_MOST_CALLS, int(_SAMPLE_NS / max(1.0, _time_ns(function, 3)))))
