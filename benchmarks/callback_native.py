"""The engine's own playback under observation: the port's kernel, and beside it a log of when it was called.

The log is written by compiled code too: a look from Python would come too late in just the runs that matter.
"""

from __future__ import annotations

import ctypes
import time

import numpy as np
from numba import types
from numpy.typing import NDArray

from benchmarks.delivery import AHEAD_S, BLOCK_MS, FEED_S, SETTLE_S, Delivery
from engine.audio import control as c
from engine.audio.backend import Stream, StreamRequest
from engine.audio.callback import move_block
from engine.audio.discovery import load_backend
from engine.audio.memory import aligned_words
from engine.audio.port import AudioPort
from engine.dsp.atomics import address_of, load, monotonic_ns, store, store_release
from engine.dsp.compiled import c_callback
from engine.errors import NoDeviceError

_LOG = c.WORDS
"""The word after the port's own: address of the log, whose words are how many, of how many, and the times."""
_COUNT, _CAPACITY, _TIMES = 0, 1, 2
_unsigned_long = types.uint32 if ctypes.sizeof(ctypes.c_ulong) == 4 else types.uint64
_STREAM_CALLBACK = types.int32(
    types.voidptr, types.voidptr, _unsigned_long, types.voidptr, _unsigned_long, types.voidptr
)


@c_callback(_STREAM_CALLBACK)
def _logged_callback(source, output, frames, _time_info, flags, control):  # type: ignore[no-untyped-def]
    """PaStreamCallback: the kernel, and the time of each block of the speaker."""
    address = address_of(control)
    if address_of(output) != 0:
        log = load(address, _LOG)
        count = load(log, _COUNT)
        if count < load(log, _CAPACITY):
            store(log, _TIMES + count, monotonic_ns())
            store_release(log, _COUNT, count + 1)
    move_block(address, address_of(source), address_of(output), types.int64(frames), 0.0, 0.0, types.int64(flags))
    return 0


class LoggedPort(AudioPort):
    """A port that notes when each block of the speaker was asked for, whoever drives it."""

    callback_address: int = _logged_callback.address
    control_words = c.WORDS + 1

    def __init__(self, seconds: float) -> None:
        """Make room for `seconds` of blocks of a millisecond."""
        super().__init__()
        capacity = round(1000 * seconds)
        self._log = aligned_words(_TIMES + capacity)
        self._log[_CAPACITY] = capacity
        self._control[_LOG] = self._log.ctypes.data
        self.driven_from_python = False

    def process(
        self,
        source: NDArray[np.float32] | None,
        output: NDArray[np.float32] | None,
        *,
        input_time_s: float = 0.0,
        output_time_s: float = 0.0,
        flags: int = 0,
    ) -> None:
        """Log and move one block, for backends that are driven by a Python thread."""
        self.driven_from_python = True
        if output is not None and self._log[_COUNT] < self._log[_CAPACITY]:
            self._log[_TIMES + self._log[_COUNT]] = time.monotonic_ns()
            self._log[_COUNT] += 1
        super().process(source, output, input_time_s=input_time_s, output_time_s=output_time_s, flags=flags)

    @property
    def times_ns(self) -> list[int]:
        """When each block so far was asked for."""
        return [int(time_ns) for time_ns in self._log[_TIMES : _TIMES + self._log[_COUNT]]]


def run_ours(backend_name: str, seconds: float) -> Delivery:
    """Play through a backend for `seconds` and return what its device was given.

    Raises:
        VoiceError: the backend does not work here or has no device.
    """
    backend = load_backend(backend_name)
    port = LoggedPort(seconds + 10 * SETTLE_S)
    try:
        stream = backend.open(port, StreamRequest(block_ms=BLOCK_MS))
        try:
            return _play(stream, port, seconds)
        finally:
            stream.close()
    finally:
        backend.close()


def _play(stream: Stream, port: LoggedPort, seconds: float) -> Delivery:
    """Keep the port's ring filled while the stream runs.

    Raises:
        NoDeviceError: the stream has no speaker.
    """
    if port.playback is None:
        raise NoDeviceError("This system has no output device.")
    rate_hz, playback = port.output_rate_hz, port.playback
    block_frames = stream.info.output.block_frames if stream.info.output else 0
    block = np.full(round(rate_hz * BLOCK_MS / 1000), 0.01, np.float32)
    ahead = round(rate_hz * AHEAD_S)

    def feed(until_s: float) -> None:
        while (now_s := time.monotonic()) < until_s:
            while playback.head - playback.tail < ahead:
                playback.producer.put(block)
            time.sleep(min(FEED_S, until_s - now_s))

    playback.producer.put(np.resize(block, ahead))
    port.expect_more(True)
    stream.start()
    feed(time.monotonic() + SETTLE_S)
    before, first, began_s = port.stats(), len(port.times_ns), time.monotonic()
    feed(began_s + seconds)
    after, times_ns, took_s = port.stats(), port.times_ns[first:], time.monotonic() - began_s
    return Delivery(
        rate_hz=rate_hz,
        block_frames=block_frames or block.size,
        took_s=took_s,
        times_ns=times_ns,
        silent_frames=after.output_underrun_frames - before.output_underrun_frames,
        on_audio_thread="python" if port.driven_from_python else "compiled",
    )
