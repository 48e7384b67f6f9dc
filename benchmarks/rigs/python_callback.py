"""The contrast, a program of its own: a callback written in Python that takes blocks from a queue, as most clients do.

`python -m benchmarks.rigs.python_callback LIBRARY FRAMES SECONDS LOAD [DEVICE]` plays on the default speaker, or on the
one with that number, and prints its `Delivery` as JSON, or `{"error": ...}`. It imports no more than such a client
does, and the load runs in its own interpreter.
"""

from __future__ import annotations

import json
import queue
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from benchmarks.rigs.loads import LOADS
from benchmarks.signals.dropouts import AHEAD_S, FEED_S, SETTLE_S, Delivery
from engine.audio.device.native_stderr import silence_native_stderr

_RATE_HZ = 48000
_SAMPLE = b"\x0a\xd7\x23\x3c"
"""0.01 as float32: a client's block is bytes."""


class _Player:
    """The queue, and what the callback notes."""

    def __init__(self, frames: int, channels: int) -> None:
        self.frames = frames
        self._block = _SAMPLE * frames * channels
        self._silence = bytes(len(self._block))
        self._waiting: queue.Queue[bytes] = queue.Queue(round(AHEAD_S * _RATE_HZ / frames))
        self.times_ns: list[int] = []
        self.silent_frames = 0

    def next_block(self) -> bytes:
        """Return the next block, or silence; what the callback of either library does."""
        self.times_ns.append(time.monotonic_ns())
        try:
            return self._waiting.get_nowait()
        except queue.Empty:
            self.silent_frames += self.frames
            return self._silence

    def feed(self, until_s: float) -> None:
        """Keep the queue full."""
        while (now_s := time.monotonic()) < until_s:
            while not self._waiting.full():
                self._waiting.put_nowait(self._block)
            time.sleep(min(FEED_S, until_s - now_s))

    def play(self, load: str, seconds: float) -> Delivery:
        """Feed a running stream under a load, and count once it has settled."""
        with LOADS[load]():
            self.feed(time.monotonic() + SETTLE_S)
            first, silent, began_s = len(self.times_ns), self.silent_frames, time.monotonic()
            self.feed(began_s + seconds)
            took_s = time.monotonic() - began_s
        return Delivery(
            rate_hz=_RATE_HZ,
            block_frames=self.frames,
            took_s=took_s,
            times_ns=self.times_ns[first:],
            silent_frames=self.silent_frames - silent,
            on_audio_thread="python",
        )


def _with_sounddevice(frames: int, load: str, seconds: float, device: int | None) -> Delivery:
    import sounddevice  # noqa: PLC0415 - only the library that is asked for

    player = _Player(frames, 1)

    def callback(out: Any, _frames: int, _time: object, _status: object) -> None:
        out[:] = player.next_block()

    with sounddevice.RawOutputStream(
        samplerate=_RATE_HZ,
        blocksize=frames,
        device=device,
        channels=1,
        dtype="float32",
        latency="low",
        callback=callback,
    ):
        return player.play(load, seconds)


def _with_pyaudio(frames: int, load: str, seconds: float, device: int | None) -> Delivery:
    import pyaudio  # noqa: PLC0415

    player = _Player(frames, 1)

    def callback(_in: object, _frames: int, _time: object, _status: object) -> tuple[bytes, int]:
        return player.next_block(), pyaudio.paContinue

    audio = pyaudio.PyAudio()
    try:
        stream = audio.open(
            format=pyaudio.paFloat32,
            channels=1,
            rate=_RATE_HZ,
            output=True,
            output_device_index=device,
            frames_per_buffer=frames,
            stream_callback=callback,
        )
        try:
            return player.play(load, seconds)
        finally:
            stream.close()
    finally:
        audio.terminate()


LIBRARIES: dict[str, Callable[[int, str, float, int | None], Delivery]] = {
    "sounddevice": _with_sounddevice,
    "pyaudio": _with_pyaudio,
}


def main(library: str, frames: str, seconds: str, load: str, device: str | None = None) -> None:
    """Play, and print what came of it."""
    silence_native_stderr()
    try:
        delivery = LIBRARIES[library](int(frames), load, float(seconds), None if device is None else int(device))
    except Exception as error:  # whatever the library raises is an answer too
        print(json.dumps({"error": f"{type(error).__name__}: {error}"}))
    else:
        print(json.dumps(asdict(delivery)))


if __name__ == "__main__":
    main(*sys.argv[1:])
