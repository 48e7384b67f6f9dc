"""The benchmarks by name; each one's module is only imported when it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module

from benchmarks.results import Result


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One command `voice bench NAME`. Its module has `measure(seconds)`, which yields results as they come."""

    name: str
    summary: str
    module: str

    def measure(self, seconds: float) -> Iterator[Result]:
        """Run it; `seconds` is the time for each case."""
        measure: Callable[[float], Iterator[Result]] = import_module(self.module).measure
        return measure(seconds)


BENCHMARKS = {
    benchmark.name: benchmark
    for benchmark in (
        Benchmark("dsp", "conversion between float32 and PCM16, against numpy", "benchmarks.dsp"),
        Benchmark("ring", "the lock-free ring, against queue.Queue", "benchmarks.ring"),
        Benchmark("resample", "20 ms through a streaming resampler, and how late it is", "benchmarks.resample"),
        Benchmark(
            "callback",
            "sound while Python is busy, against a Python callback",
            "benchmarks.callback",
        ),
    )
}
