"""Compiled functions behind CPython's own door: refuse what they do not take, leak nothing, free nothing of others."""

from __future__ import annotations

import gc
import pickle
import sys
import tracemalloc
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest

from engine.audio.port import AudioPort
from engine.audio.ring import Ring
from engine.dsp.downmix import downmix, upmix
from engine.dsp.gain import apply_gain_ramp
from engine.dsp.pcm16 import float32_to_pcm16, pcm16_to_float32
from engine.errors import InvalidInputError

ROW, BLOCK, PCM = np.ones(480, np.float32), np.ones((480, 2), np.float32), np.ones(480, np.int16)
RING = Ring(1024)

CALLS: dict[str, Callable[[], Any]] = {
    "pcm16": lambda: float32_to_pcm16(ROW),
    "pcm16 into": lambda: float32_to_pcm16(ROW, PCM),
    "float32": lambda: pcm16_to_float32(PCM),
    "downmix": lambda: downmix(BLOCK),
    "downmix into": lambda: downmix(BLOCK, ROW),
    "upmix": lambda: upmix(ROW, 2),
    "upmix into": lambda: upmix(ROW, 2, BLOCK),
    "ring": lambda: (RING.producer.put(ROW), RING.consumer.get(480)),
    "ring into": lambda: (RING.producer.put(ROW), RING.consumer.get_into(ROW)),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_thousand_calls_keep_no_memory_and_no_reference(name: str) -> None:
    call = CALLS[name]
    known: list[Any] = [ROW, BLOCK, PCM, np.ndarray, ROW.dtype, PCM.dtype, None]
    call()
    gc.collect()
    references = [sys.getrefcount(value) for value in known]
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(1000):
            call()
        kept = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    # An object of any kind has 16 bytes or more.
    assert kept < 8000
    changes = [abs(sys.getrefcount(value) - count) for value, count in zip(known, references, strict=True)]
    assert max(changes) < 100


@pytest.mark.parametrize("count", [-1, 3.5, "480", None, 1 << 80])
def test_a_ring_is_asked_for_a_whole_number_of_samples(count: Any) -> None:
    ring = Ring(64)
    ring.producer.put(ROW[:10])
    with pytest.raises(InvalidInputError):
        ring.consumer.get(count)
    assert ring.consumer.get(64).size == 10


@pytest.mark.parametrize("samples", [None, [1.0], "x", np.ones(4), np.ones((2, 2), np.float32), ROW[::2], PCM])
def test_a_ring_takes_rows_of_float32(samples: Any) -> None:
    ring = Ring(64)
    with pytest.raises(InvalidInputError):
        ring.producer.put(samples)
    with pytest.raises(InvalidInputError):
        ring.consumer.get_into(samples)
    assert ring.head == ring.tail == 0


def test_arrays_whose_dtype_is_another_object_of_the_same_kind_are_taken() -> None:
    """As those that come from another process through pickle."""
    with_metadata: Any = np.dtype(np.float32, metadata={"unit": "full scale"})
    for row in (pickle.loads(pickle.dumps(ROW)), ROW.astype(with_metadata), ROW.astype(">f4").byteswap().view("<f4")):
        ring = Ring(1024)
        assert ring.producer.put(row) == 480
        assert ring.consumer.get_into(row) == 480
        assert np.array_equal(float32_to_pcm16(row, pickle.loads(pickle.dumps(PCM))), float32_to_pcm16(ROW))
    with pytest.raises(InvalidInputError):
        Ring(64).producer.put(ROW.astype(">f4"))


def test_what_a_number_does_when_it_is_taken_is_seen() -> None:
    """Its `__float__` may be anybody's code, which gives the array beside it less memory."""

    class Shrinking:
        def __float__(self) -> float:
            samples.resize(1, refcheck=False)
            return 1.0

    samples = np.ones(100_000, np.float32)
    gain: Any = Shrinking()
    assert float32_to_pcm16(samples, gain_to=gain).size == 1


def test_nothing_is_done_where_an_argument_is_wrong() -> None:
    samples, wrong = ROW.copy(), cast("Any", "loud")
    with pytest.raises(InvalidInputError):
        apply_gain_ramp(samples, 0.0, wrong)
    assert np.array_equal(samples, ROW)
    port = AudioPort()
    port.attach_input(48000, 1)
    with pytest.raises(InvalidInputError):
        port.process(ROW.reshape(480, 1), None, input_time_s=wrong)
    assert port.stats().input_frames == 0


def test_nothing_is_taken_into_what_cannot_be_written() -> None:
    ring, fixed = Ring(64), np.zeros(4, np.float32)
    ring.producer.put(ROW[:4])
    fixed.flags.writeable = False
    with pytest.raises(InvalidInputError):
        ring.consumer.get_into(fixed)
    assert ring.tail == 0
