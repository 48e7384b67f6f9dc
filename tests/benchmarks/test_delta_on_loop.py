"""`voice bench session/delta_on_loop`: how long a delta takes to the ring, and how long it holds the loop."""

from __future__ import annotations

import asyncio
import time

import numpy as np
import pytest

from benchmarks import delta_on_loop
from benchmarks.delta_on_loop import _Watch
from benchmarks.results import Result
from engine.audio.ring import Ring
from engine.errors import StreamLostError


def test_every_length_comes_to_the_ring_and_a_turn_of_the_loop_is_at_most_the_whole_way() -> None:
    results: list[Result] = [case.measure(0.0) for case in delta_on_loop.cases()]
    assert [result.case.rpartition("/")[2] for result in results] == ["100ms", "1s", "38s"]
    for result in results:
        assert result.extra["count"] == 3
        assert 0 < result.ours.p50 <= result.ours.p99 < 5000
        assert 0 < result.extra["longest_hold_ms"] < 5000
    assert results[2].ours.p50 > results[0].ours.p50


async def test_a_loop_that_was_held_is_seen() -> None:
    ring = Ring(100)
    watch = _Watch(ring, 10)
    await asyncio.sleep(0)
    until_s = time.perf_counter() + 0.03
    while time.perf_counter() < until_s:
        pass
    await asyncio.sleep(0)
    ring.producer.put(np.zeros(10, np.float32))
    await watch.filled
    assert 30e6 <= watch.longest_hold_ns <= watch.took_ns


async def test_a_delta_that_never_comes_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delta_on_loop, "_PATIENCE_NS", 0)
    with pytest.raises(StreamLostError, match="did not come"):
        await _Watch(Ring(100), 10).filled
