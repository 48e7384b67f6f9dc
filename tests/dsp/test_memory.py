"""Memory of samples: aligned, zeroed, and the system's again once it is let go."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from engine.dsp.memory import aligned_samples
from tests.support.memory import resident_mb

RING = 20 * 48000


@pytest.mark.parametrize("count", [0, 1, 480, RING])
def test_samples_are_zeroed_and_on_a_line_of_the_cache(count: int) -> None:
    samples = aligned_samples(count)
    assert (samples.size, samples.dtype.name) == (count, "float32")
    assert samples.ctypes.data % 128 == 0 or not count
    assert not samples.any()
    samples[:] = 1.0


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
def test_rings_that_threads_make_and_let_go_leave_nothing_in_the_process() -> None:
    """On the heap each thread's arena kept some of them: 12 MB in half an hour with a fault every 10 s."""
    seen_mb = []
    for _ in range(12):
        thread = threading.Thread(target=lambda: aligned_samples(RING)[:].fill(1.0))
        thread.start()
        thread.join()
        seen_mb.append(resident_mb())
    assert max(seen_mb) - seen_mb[0] < 1.0
