"""`voice bench ring`: a block put and taken again, against the queue that Python clients use."""

from __future__ import annotations

import queue
from collections.abc import Iterator

import numpy as np

from benchmarks.results import Result
from benchmarks.timing import interleaved
from engine.audio.ring import Ring

_FRAMES = 480


def measure(seconds: float) -> Iterator[Result]:
    """Yield one block of 480 frames through a ring and through `queue.Queue`, a copy each way."""
    ring = Ring(48000)
    block = np.zeros(_FRAMES, np.float32)
    waiting: queue.Queue[bytes] = queue.Queue()

    def ours() -> None:
        ring.producer.put(block)
        ring.consumer.get(_FRAMES)

    def theirs() -> None:
        waiting.put_nowait(block.tobytes())
        np.frombuffer(waiting.get_nowait(), np.float32)

    figures = interleaved({"ours": ours, "queue.Queue": theirs}, seconds)
    yield Result("ring", f"put_get/{_FRAMES}", "ns", figures["ours"], {"queue.Queue": figures["queue.Queue"]})
