"""The ring: every sample once and in order, whatever the block sizes, across the wrap and between threads."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.audio.port.ring import Ring
from engine.errors import InvalidInputError


def test_a_ring_holds_what_it_was_made_for_and_no_more() -> None:
    ring = Ring(1000)
    assert ring.put(np.ones(1500, np.float32)) == ring.capacity == 1000


def test_empty_ring_gives_nothing() -> None:
    assert Ring(16).get(8).size == 0


def test_full_ring_takes_what_fits_and_keeps_what_it_holds() -> None:
    ring = Ring(16)
    samples = np.arange(20, dtype=np.float32)
    assert ring.put(samples) == 16
    assert ring.put(samples) == 0
    assert np.array_equal(ring.get(100), samples[:16])


@pytest.mark.parametrize("samples", [np.zeros(4), np.zeros((2, 2), np.float32), np.zeros(8, np.float32)[::2]])
def test_wrong_arrays_are_refused(samples: np.ndarray) -> None:
    ring = Ring(16)
    with pytest.raises(InvalidInputError):
        ring.put(samples)
    assert ring.head == 0


def test_impossible_sizes_are_refused() -> None:
    with pytest.raises(InvalidInputError):
        Ring(0)
    with pytest.raises(InvalidInputError):
        Ring(16).get(-1)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=60))
def test_behaves_as_a_queue(steps: list[tuple[int, int]]) -> None:
    ring = Ring(32)
    queued: list[float] = []
    written = 0
    for put, get in steps:
        samples = np.arange(written, written + put, dtype=np.float32)
        taken = ring.put(samples)
        assert taken == min(put, 32 - len(queued))
        queued.extend(samples[:taken])
        written += taken
        got = ring.get(get)
        assert list(got) == queued[:get]
        del queued[:get]
        assert (ring.head, ring.tail) == (written, written - len(queued))


def test_two_threads_lose_and_repeat_nothing() -> None:
    ring = Ring(64)
    total = 20_000
    received: list[np.ndarray] = []

    def produce() -> None:
        sent, block = 0, 1
        while sent < total:
            samples = np.arange(sent, min(sent + block, total), dtype=np.float32)
            sent += ring.put(samples)
            block = block % 37 + 1

    thread = threading.Thread(target=produce)
    thread.start()
    count = 0
    while count < total:
        samples = ring.get(29)
        received.append(samples)
        count += samples.size
    thread.join()
    assert np.array_equal(np.concatenate(received), np.arange(total, dtype=np.float32))
