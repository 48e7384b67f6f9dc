"""`voice bench session/delta_on_loop`: how long a delta takes to the ring, and how long it holds the loop."""

from __future__ import annotations

import asyncio
import time
from typing import ClassVar

import numpy as np
import pytest

from backends.virtual import SPEAKER_RATE_HZ
from benchmarks.report.results import Result
from benchmarks.rigs import delta_on_loop
from benchmarks.rigs.delta_on_loop import _Watch
from engine.audio.port.ring import Ring
from engine.errors import StreamLostError

pytestmark = pytest.mark.timing


class _Noted(_Watch):
    """A watch that notes how much had come to the ring when it ended."""

    came: ClassVar[list[int]] = []

    def __init__(self, ring: Ring, full_at: int, through_at: int) -> None:
        super().__init__(ring, full_at, through_at)
        before = ring.head
        self.through.add_done_callback(lambda _: self.came.append(ring.head - before))


def test_every_length_is_watched_until_it_is_in_the_ring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delta_on_loop, "_Watch", _Noted)
    results: list[Result] = [case.measure(0.0) for case in delta_on_loop.cases()]
    assert [came / SPEAKER_RATE_HZ for came in _Noted.came] == pytest.approx(
        [0.1] * 3 + [1.0] * 3 + [38.0] * 3, abs=0.1
    )
    assert [result.case.rpartition("/")[2] for result in results] == ["100ms", "1s", "38s"]
    for result in results:
        assert result.extra["count"] == 3
        assert 0 < result.ours.p50 <= result.ours.p99 < 5000
        assert 0 < result.extra["longest_hold_ms"] < 5000
    assert results[2].ours.p50 > results[0].ours.p50


async def test_a_loop_that_was_held_is_seen() -> None:
    ring = Ring(100)
    watch = _Watch(ring, 10, 20)
    await asyncio.sleep(0)
    _hold(0.03)
    await asyncio.sleep(0)
    ring.put(np.zeros(10, np.float32))
    await watch.full
    assert 30e6 <= watch.longest_hold_ns <= watch.took_ns
    took_ns = watch.took_ns
    _hold(0.06)
    await asyncio.sleep(0)
    ring.put(np.zeros(10, np.float32))
    await watch.through
    assert watch.longest_hold_ns >= 60e6
    assert watch.took_ns == took_ns


def _hold(seconds: float) -> None:
    until_s = time.perf_counter() + seconds
    while time.perf_counter() < until_s:
        pass


async def test_a_delta_that_never_comes_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delta_on_loop, "_PATIENCE_NS", 0)
    with pytest.raises(StreamLostError, match="did not come"):
        await _Watch(Ring(100), 10, 10).full
    ring = Ring(100)
    ring.put(np.zeros(10, np.float32))
    with pytest.raises(StreamLostError, match="did not come"):
        await _Watch(ring, 10, 20).through
