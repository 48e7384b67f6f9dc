"""The benchmarks by name; each one's module is only imported when it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from benchmarks.case import Case
from engine.audio.types import StreamRequest


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Benchmark that `voice bench NAME` runs; its module has a function `cases`."""

    name: str
    summary: str
    opens_devices: bool = False
    """Its `cases` takes a StreamRequest that names them."""
    has_rooms: bool = False
    """Its `cases` takes rooms, by the milliseconds in which they fall silent."""
    has_busy: bool = False
    """Its `cases` can measure beside a tool that keeps its interpreter busy."""

    def cases(
        self,
        devices: StreamRequest | None = None,
        *,
        quick: bool = False,
        rooms_ms: Sequence[int] = (),
        busy: bool = False,
    ) -> list[Case]:
        """Import the benchmark and return its cases, in the order in which they run.

        Args:
            devices: Names of the microphone and the speaker, for a benchmark that opens any.
            quick: Leave out the cases that only a full run has.
            rooms_ms: Rooms of a benchmark that has any; without them it has its own.
            busy: Measure also beside a busy tool, where the benchmark can.
        """
        cases: Callable[..., list[Case]] = import_module(f"benchmarks.cases.{self.name}").cases
        given: dict[str, Any] = {"devices": devices or StreamRequest()} if self.opens_devices else {}
        given |= {"rooms_ms": rooms_ms} if self.has_rooms else {}
        made = cases(**given, **({"busy": busy} if self.has_busy else {}))
        return [case for case in made if case.in_quick or not quick]


BENCHMARKS = {
    benchmark.name: benchmark
    for benchmark in (
        Benchmark("dsp", "Conversion between float32 and PCM16, compared with the numpy code that clients use."),
        Benchmark("ring", "Blocks through the lock-free ring, compared with the queues that clients use."),
        Benchmark("port", "A block in both directions, as on the audio thread, compared with queues of arrays."),
        Benchmark("resample", "Resampling of 20 and 100 ms blocks, compared with soxr; also delay and sound quality."),
        Benchmark("events", "Decoding answers and encoding the microphone, compared with json, base64 and numpy."),
        Benchmark(
            "startup",
            "Start of the program and of sessions, one of which plays 20 s, compared with bare imports.",
            True,
        ),
        Benchmark("latency", "Round trip from speaker to microphone, compared with what the devices report.", True),
        Benchmark(
            "session",
            "Turns with a server on this machine: delays to the wire and the ring, and interruptions.",
            True,
            has_busy=True,
        ),
        Benchmark(
            "echo",
            "Echo cancellation in simulated rooms, and over named devices, compared with LiveKit's APM and Speex.",
            True,
            has_rooms=True,
        ),
        Benchmark(
            "callback", "Playback while Python is idle and busy, compared with callbacks written in Python.", True
        ),
    )
}
