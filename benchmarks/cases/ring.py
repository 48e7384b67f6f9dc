"""`voice bench ring`: a block put and taken again, against the queues that Python clients use."""

from __future__ import annotations

import asyncio
import queue
from collections import deque

import numpy as np
from numba import njit

from benchmarks.case import Case
from benchmarks.report.results import Quantiles, Result, compared
from benchmarks.timing import interleaved
from engine.audio.kernels.ring import ring_get, ring_put
from engine.audio.port.ring import Ring

_FRAMES = 480
_NATIVE_FRAMES = 64
_PAIRS = 1000
_CAPACITY = 9600


def cases() -> list[Case]:
    """From Python, and from compiled code to compiled code as the audio thread sees it."""
    return [Case(f"put_get/{_FRAMES}", _put_get), Case(f"native_pair/{_NATIVE_FRAMES}", _native_pair)]


def _put_get(seconds: float) -> Result:
    ring = Ring(_CAPACITY)
    block = np.zeros(_FRAMES, np.float32)
    thread_safe: queue.Queue[bytes] = queue.Queue()
    bare: deque[bytes] = deque()
    of_loop: asyncio.Queue[bytes] = asyncio.Queue()

    def ours() -> None:
        ring.put(block)
        ring.get(_FRAMES)

    def through_queue() -> None:
        thread_safe.put(block.tobytes())
        np.frombuffer(thread_safe.get(), np.float32).copy()

    def through_deque() -> None:
        bare.append(block.tobytes())
        np.frombuffer(bare.popleft(), np.float32).copy()

    def through_asyncio() -> None:
        of_loop.put_nowait(block.tobytes())
        np.frombuffer(of_loop.get_nowait(), np.float32).copy()

    functions = {
        "ours": ours,
        "queue.Queue": through_queue,
        "deque": through_deque,
        "asyncio.Queue": through_asyncio,
    }
    return compared("ring", f"put_get/{_FRAMES}", "ns", interleaved(functions, seconds))


@njit("int64(int64, int64, int64, int64)", error_model="numpy")
def _move_pairs(ring: int, block: int, frames: int, pairs: int) -> int:
    """Put and take a block `pairs` times; return the samples moved."""
    moved = 0
    for _ in range(pairs):
        ring_put(ring, block, frames)
        moved += ring_get(ring, block, frames)
    return moved


def _native_pair(seconds: float) -> Result:
    ring = Ring(_CAPACITY)
    block = np.zeros(_NATIVE_FRAMES, np.float32)
    handle, address = ring.handle, block.ctypes.data

    def ours() -> None:
        _move_pairs(handle, address, _NATIVE_FRAMES, _PAIRS)

    figure = interleaved({"ours": ours}, seconds, calls=1)["ours"]
    per_pair = Quantiles(figure.p50 / _PAIRS, figure.p99 / _PAIRS)
    return compared("ring", f"native_pair/{_NATIVE_FRAMES}", "ns", {"ours": per_pair})
