"""Functions that hand memory to kernels: they refuse what they do not take, and keep nothing of it."""

from __future__ import annotations

import copy
import gc
import pickle
import sys
import tracemalloc
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest

from engine.audio.port.audio_port import AudioPort
from engine.audio.port.ring import Ring
from engine.dsp.pcm16 import float32_to_pcm16, pcm16_to_float32
from engine.dsp.resampler_filters import filters_for
from engine.dsp.resampler_state import ResamplerState
from engine.errors import InvalidInputError

ROW, BLOCK, PCM = np.ones(480, np.float32), np.ones((480, 2), np.float32), np.ones(480, np.int16)
RING = Ring(1024)

CALLS: dict[str, Callable[[], Any]] = {
    "pcm16": lambda: float32_to_pcm16(ROW),
    "float32": lambda: pcm16_to_float32(PCM),
    "ring": lambda: (RING.put(ROW), RING.get(480)),
}


def _kept_by_a_thousand(call: Callable[[], Any]) -> int:
    """Bytes of Python's memory that a thousand calls leave behind."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(1000):
            call()
        return tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", CALLS)
def test_a_thousand_calls_keep_no_memory_and_no_reference(name: str) -> None:
    call = CALLS[name]
    known: list[Any] = [ROW, BLOCK, PCM, np.ndarray, ROW.dtype, PCM.dtype, None]
    call()
    gc.collect()
    references = [sys.getrefcount(value) for value in known]
    # Other threads of the process allocate too: what a call keeps is kept each time.
    kept = min(_kept_by_a_thousand(call) for _ in range(3))
    # An object of any kind has 16 bytes or more.
    assert kept < 8000
    changes = [abs(sys.getrefcount(value) - count) for value, count in zip(known, references, strict=True)]
    assert max(changes) < 100


@pytest.mark.parametrize("count", [-1, 3.5, "480", None])
def test_a_ring_is_asked_for_a_whole_number_of_samples(count: Any) -> None:
    ring = Ring(64)
    ring.put(ROW[:10])
    with pytest.raises(InvalidInputError):
        ring.get(count)
    assert ring.get(1 << 80).size == 10


@pytest.mark.parametrize("samples", [None, [1.0], "x", np.ones(4), np.ones((2, 2), np.float32), ROW[::2], PCM])
def test_a_ring_takes_rows_of_float32(samples: Any) -> None:
    ring = Ring(64)
    with pytest.raises(InvalidInputError):
        ring.put(samples)
    assert ring.head == ring.tail == 0


def test_arrays_whose_dtype_is_another_object_of_the_same_kind_are_taken() -> None:
    """As those that come from another process through pickle."""
    with_metadata: Any = np.dtype(np.float32, metadata={"unit": "full scale"})
    for row in (pickle.loads(pickle.dumps(ROW)), ROW.astype(with_metadata), ROW.astype(">f4").byteswap().view("<f4")):
        ring = Ring(1024)
        assert ring.put(row) == 480
        assert np.array_equal(ring.get(480), row)
        assert np.array_equal(float32_to_pcm16(row), float32_to_pcm16(ROW))
    with pytest.raises(InvalidInputError):
        Ring(64).put(ROW.astype(">f4"))


def test_nothing_is_done_where_an_argument_is_wrong() -> None:
    port = AudioPort()
    port.attach_input(48000, 1)
    with pytest.raises(InvalidInputError):
        port.process(ROW.reshape(480, 1), None, flags=cast("Any", "late"))
    assert port.stats().input_frames == 0


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda owner: pickle.loads(pickle.dumps(owner))])
@pytest.mark.parametrize("owner", [Ring(64), AudioPort(), ResamplerState(filters_for(24000, 48000), 1, 9)])
def test_what_owns_memory_that_kernels_know_is_not_copied(owner: Any, copied: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match="cannot be copied"):
        copied(owner)


@pytest.mark.parametrize("position", [-1, -(2**64) + 10**9, 2**64, 481, 2**63])
def test_only_what_was_put_is_dropped(position: int) -> None:
    port = AudioPort()
    port.attach_output(48000, 1)
    assert port.playback is not None
    port.playback.put(ROW)
    with pytest.raises(InvalidInputError):
        port.drop_before(position)
    block = np.empty((480, 1), np.float32)
    port.process(None, block)
    assert np.array_equal(block[:, 0], ROW)
