"""The contrast: a sounddevice stream whose callback is Python and takes blocks from a queue, as most clients do."""

from __future__ import annotations

import queue
import time

import numpy as np
from numpy.typing import NDArray

from backends.sounddevice import SounddeviceBackend
from benchmarks.delivery import AHEAD_S, BLOCK_MS, FEED_S, SETTLE_S, Delivery
from engine.audio.devices import Direction, find_device
from engine.errors import StreamLostError


class _Player:
    """The callback, its queue, and what it notes."""

    def __init__(self, block_frames: int) -> None:
        self._block = np.full((block_frames, 1), 0.01, np.float32)
        self._waiting: queue.Queue[NDArray[np.float32]] = queue.Queue(round(1000 * AHEAD_S / BLOCK_MS))
        self.times_ns: list[int] = []
        self.silent_frames = 0

    def callback(self, out: NDArray[np.float32], frames: int, _time: object, _status: object) -> None:
        """Play the next block, or silence."""
        self.times_ns.append(time.monotonic_ns())
        try:
            out[:] = self._waiting.get_nowait()
        except queue.Empty:
            out.fill(0)
            self.silent_frames += frames

    def feed(self, until_s: float) -> None:
        """Keep the queue full."""
        while (now_s := time.monotonic()) < until_s:
            while not self._waiting.full():
                self._waiting.put_nowait(self._block)
            time.sleep(min(FEED_S, until_s - now_s))


def run_python_callback(seconds: float) -> Delivery:
    """Play for `seconds` on the default speaker and return what it was given.

    Raises:
        VoiceError: sounddevice does not work here, or there is no speaker.
    """
    speaker = find_device(SounddeviceBackend().devices(), None, Direction.OUTPUT)
    import sounddevice  # noqa: PLC0415 - the backend has found it, and keeps it quiet

    rate_hz = speaker.native_rate_hz
    block_frames = round(rate_hz * BLOCK_MS / 1000)
    player = _Player(block_frames)
    try:
        with sounddevice.OutputStream(
            samplerate=rate_hz,
            blocksize=block_frames,
            device=speaker.index,
            channels=1,
            dtype="float32",
            latency="low",
            callback=player.callback,
        ):
            player.feed(time.monotonic() + SETTLE_S)
            first, silent, began_s = len(player.times_ns), player.silent_frames, time.monotonic()
            player.feed(began_s + seconds)
            return Delivery(
                rate_hz=rate_hz,
                block_frames=block_frames,
                took_s=time.monotonic() - began_s,
                times_ns=player.times_ns[first:],
                silent_frames=player.silent_frames - silent,
                on_audio_thread="python",
            )
    except sounddevice.PortAudioError as error:
        raise StreamLostError(f"The Python callback cannot play: {error}") from error
