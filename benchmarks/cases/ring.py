"""`voice bench ring`: a block put and taken again, against the queues that Python clients use."""

from __future__ import annotations

import asyncio
import queue
from collections import deque
from collections.abc import Callable

import numpy as np
from numba import njit

from benchmarks.case import Case, beside_rivals
from engine.audio.kernels.ring import ring_get, ring_put
from engine.audio.port.ring import Ring

_FRAMES = 480
_NATIVE_FRAMES = 64
_PAIRS = 1000
_CAPACITY = 9600


def cases() -> list[Case]:
    """From Python, and from compiled code to compiled code as the audio thread sees it."""
    return [
        beside_rivals("ring", f"put_get/{_FRAMES}", _put_get),
        beside_rivals("ring", f"native_pair/{_NATIVE_FRAMES}", _native_pair, calls=1, pieces=_PAIRS),
    ]


def _put_get() -> dict[str, Callable[[], None]]:
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

    return {"ours": ours, "queue.Queue": through_queue, "deque": through_deque, "asyncio.Queue": through_asyncio}


@njit("int64(int64, int64, int64, int64)", error_model="numpy")
def _move_pairs(ring: int, block: int, frames: int, pairs: int) -> int:
    """Put and take a block `pairs` times; return the samples moved."""
    moved = 0
    for _ in range(pairs):
        ring_put(ring, block, frames)
        moved += ring_get(ring, block, frames)
    return moved


def _native_pair() -> dict[str, Callable[[], int]]:
    ring, block = Ring(_CAPACITY), np.zeros(_NATIVE_FRAMES, np.float32)
    return {"ours": lambda: _move_pairs(ring.handle, block.ctypes.data, _NATIVE_FRAMES, _PAIRS)}
