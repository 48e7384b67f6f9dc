"""The engine's own playback under observation: the port's kernel, and beside it a log of when it was called."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace

import numpy as np

from benchmarks.rigs.loads import LOADS
from benchmarks.signals.block_log import LoggedPort
from benchmarks.signals.dropouts import AHEAD_S, FEED_S, SETTLE_S, Delivery
from engine.audio.device.protocol import Stream
from engine.audio.device.registry import load_backend
from engine.audio.types import StreamRequest
from engine.errors import NoDeviceError

_RATE_HZ = 48000
_FED_S = 0.01
"""Length of the pieces that are fed."""


def run_ours(backend_name: str, devices: StreamRequest, frames: int, load: str, seconds: float) -> Delivery:
    """Play through a backend for `seconds` under a load, and return what its device was given.

    Args:
        backend_name: As `voice backends` lists them.
        devices: Names of the microphone and the speaker.
        frames: Per callback, at 48 kHz.
        load: One of `LOADS`, in this interpreter.
        seconds: How long is measured.

    Raises:
        VoiceError: the backend does not work here or has no device.
    """
    port = LoggedPort(seconds + 10 * SETTLE_S)
    with contextlib.closing(load_backend(backend_name)) as backend:
        request = replace(devices, block_ms=1000 * frames / _RATE_HZ)
        with contextlib.closing(backend.open(port, request)) as stream:
            return _play(stream, port, load, seconds)


def _play(stream: Stream, port: LoggedPort, load: str, seconds: float) -> Delivery:
    """Keep the port's ring filled while the stream runs.

    Raises:
        NoDeviceError: the stream has no speaker.
    """
    if port.playback is None:
        raise NoDeviceError("This system has no output device.")
    rate_hz, playback = port.output_rate_hz, port.playback
    block_frames = stream.info.output.block_frames if stream.info.output else 0
    block = np.full(round(rate_hz * _FED_S), 0.01, np.float32)
    ahead = round(rate_hz * AHEAD_S)

    def feed(until_s: float) -> None:
        while (now_s := time.monotonic()) < until_s:
            while playback.head - playback.tail < ahead:
                playback.put(block)
            time.sleep(min(FEED_S, until_s - now_s))

    playback.put(np.resize(block, ahead))
    port.expect_more(True)
    stream.start()
    with LOADS[load]():
        feed(time.monotonic() + SETTLE_S)
        before, first, began_s = port.stats(), port.played.times_ns.size, time.monotonic()
        feed(began_s + seconds)
        after, times_ns, took_s = port.stats(), port.played.times_ns[first:].tolist(), time.monotonic() - began_s
    return Delivery(
        rate_hz=rate_hz,
        block_frames=block_frames or block.size,
        took_s=took_s,
        times_ns=times_ns,
        silent_frames=after.output_underrun_frames - before.output_underrun_frames,
        on_audio_thread="python" if port.driven_from_python else "compiled",
    )
