"""`voice bench callback`: does sound arrive in time while Python is busy? Ours against a callback written in Python.

Both play to the same device. Ours is the compiled kernel, which never takes the interpreter's lock; the other is
sounddevice's stream with a Python callback that takes blocks from a queue, as most clients do.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from benchmarks.results import Quantiles, Result
from engine.audio.backend import Backend, StreamRequest
from engine.audio.discovery import backend_names, load_backend
from engine.audio.port import AudioPort
from engine.errors import VoiceError

_RATE_HZ = 48000
_BLOCK_MS = 10.0
_SPINNING_THREADS = 2
_LEAST_S = 2.0
_SETTLE_S = 0.3
"""A stream's first blocks come in a burst that fills the device's buffer."""
_WITHOUT_DEVICE = "virtual"
"""Its clock is a Python thread: it has no audio thread to measure."""


def measure(seconds: float) -> Iterator[Result]:
    """Yield, for each backend with devices, the gaps between blocks: idle, and beside two spinning threads."""
    seconds = max(seconds, _LEAST_S)
    for name in backend_names():
        if name == _WITHOUT_DEVICE:
            continue
        with contextlib.suppress(VoiceError):
            backend = load_backend(name)
            try:
                for load, busy in _LOADS.items():
                    with busy():
                        yield _native(backend, load, seconds)
            finally:
                backend.close()
    for load, busy in _LOADS.items():
        with busy():
            result = _python_callback(load, seconds)
        if result is not None:
            yield result


@contextlib.contextmanager
def _spinning() -> Iterator[None]:
    """Two threads that keep the interpreter busy."""
    over = threading.Event()

    def spin() -> None:
        number = 0
        while not over.is_set():
            number += 1

    threads = [threading.Thread(target=spin, daemon=True) for _ in range(_SPINNING_THREADS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


_LOADS: dict[str, Callable[[], contextlib.AbstractContextManager[None]]] = {
    "idle": contextlib.nullcontext,
    "spinning": _spinning,
}


def _native(backend: Backend, load: str, seconds: float) -> Result:
    """Count what the port counts while it plays silence out of its ring."""
    port = AudioPort()
    stream = backend.open(port, StreamRequest(block_ms=_BLOCK_MS))
    try:
        stream.start()
        time.sleep(_SETTLE_S)
        before, began_s = port.stats(), time.monotonic()
        time.sleep(seconds)
        after, took_s = port.stats(), time.monotonic() - began_s
        rate_hz = port.output_rate_hz
    finally:
        stream.close()
    return _result(
        f"ours-{backend.name}",
        load,
        rate_hz,
        took_s,
        calls=after.output_calls - before.output_calls,
        frames=after.output_frames - before.output_frames,
        gap_max_ms=after.output_gap_max_ms,
    )


def _python_callback(load: str, seconds: float) -> Result | None:
    """The same with sounddevice's Python callback; None where there is no device."""
    try:
        import sounddevice  # noqa: PLC0415 - loads PortAudio, which may be missing

        waiting: queue.SimpleQueue[NDArray[np.float32]] = queue.SimpleQueue()
        times: list[tuple[float, int]] = []

        def callback(out: NDArray[np.float32], frames: int, _time: object, _status: object) -> None:
            times.append((time.monotonic(), frames))
            try:
                out[:] = waiting.get_nowait()[:frames]
            except queue.Empty:
                out.fill(0)

        device = sounddevice.query_devices(kind="output")
        rate_hz = int(device["default_samplerate"])
        with sounddevice.OutputStream(
            samplerate=rate_hz,
            blocksize=round(rate_hz * _BLOCK_MS / 1000),
            channels=1,
            dtype="float32",
            latency="low",
            callback=callback,
        ):
            time.sleep(_SETTLE_S)
            first, began_s = len(times), time.monotonic()
            time.sleep(seconds)
            took_s, measured = time.monotonic() - began_s, times[first:]
    except (OSError, sounddevice.PortAudioError, ValueError):
        return None
    gaps_ms = [1000 * (after - before) for (before, _), (after, _) in pairwise(measured)]
    frames = sum(count for _, count in measured)
    return _result(
        "python-sounddevice",
        load,
        rate_hz,
        took_s,
        calls=len(measured),
        frames=frames,
        gap_max_ms=max(gaps_ms, default=0.0),
    )


def _result(
    design: str, load: str, rate_hz: int, took_s: float, *, calls: int, frames: int, gap_max_ms: float
) -> Result:
    """Frames that the device should have taken in the time and did not are broken sound."""
    block_frames = frames / calls if calls else rate_hz * _BLOCK_MS / 1000
    block_ms = 1000 * block_frames / rate_hz
    missing_ms = 1000 * (took_s - frames / rate_hz)
    return Result(
        "callback",
        f"callback/{design}/{load}/{round(block_frames)}",
        "ms",
        Quantiles(block_ms, gap_max_ms),
        extra={
            "delivered": calls,
            "expected": round(took_s * rate_hz / block_frames),
            # Where the measurement begins and ends within a block is chance: up to two of them.
            "broken_ms": round(max(0.0, missing_ms - 2 * block_ms), 1),
            "gap_ms_max": round(gap_max_ms, 2),
        },
    )
