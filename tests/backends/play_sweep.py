"""A program of its own that plays a sweep through one backend and reports what is left when the stream is closed.

PortAudio reads ALSA's configuration when it is loaded, so a process that is to see the virtual sound card starts with
it in its environment.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.audio.device.native_stderr import silence_native_stderr
from engine.audio.device.protocol import Backend, Stream
from engine.audio.device.registry import load_backend
from engine.audio.port.audio_port import AudioPort
from engine.audio.port.priority import Priority
from engine.audio.types import Direction, StreamRequest

SECONDS = 2.0
REQUEST = StreamRequest(input="vmic", output="vspk")
BACKENDS = ("sounddevice", "pyaudio", "pyaudio-pump")


def sweep(rate_hz: int) -> NDArray[np.float32]:
    """300 Hz to 3 kHz at half of full scale: never silent, and like itself at one offset only."""
    time_s = np.arange(round(SECONDS * rate_hz)) / rate_hz
    return (0.5 * np.sin(2 * np.pi * (300 + 450 * time_s) * time_s)).astype(np.float32)


def make_backend(name: str) -> Backend:
    """The backend of a name; `pyaudio-pump` is PyAudio as on a system where its PortAudio is hidden."""
    silence_native_stderr()
    if name != "pyaudio-pump":
        return load_backend(name)
    from backends.pyaudio import PyAudioBackend  # noqa: PLC0415

    return PyAudioBackend(native=False)


def left() -> dict[str, int]:
    """Threads and descriptors of this process."""
    return {
        "python_threads": threading.active_count(),
        "threads": len(list(Path("/proc/self/task").iterdir())),
        "descriptors": len(list(Path("/proc/self/fd").iterdir())),
    }


def left_at_rest() -> dict[str, int]:
    """The same once it has not changed for 100 ms: a thread that has been joined may still be listed for a moment."""
    pause = threading.Event()
    latest = [left()]
    while len(latest) < 10:
        pause.wait(0.01)
        now = left()
        latest = [*latest, now] if now == latest[-1] else [now]
    return latest[-1]


def priority_is_as_reported(port: AudioPort, direction: Direction) -> bool:
    """Whether the thread of a direction is scheduled as the port says."""
    if sys.platform != "linux":  # where the virtual sound card is
        raise NotImplementedError
    thread = port.audio_thread(direction)
    is_real_time = os.sched_getscheduler(thread.id) & ~os.SCHED_RESET_ON_FORK in (os.SCHED_FIFO, os.SCHED_RR)
    return thread.id != threading.get_native_id() and is_real_time == (
        thread.priority in (Priority.GRANTED, Priority.HELD)
    )


def opened(backend: Backend) -> tuple[AudioPort, Stream]:
    """A running stream on the virtual card."""
    port = AudioPort()
    stream = backend.open(port, REQUEST)
    stream.start()
    return port, stream


def play(backend: Backend) -> dict[str, Any]:
    """Play the sweep to its end, close, and say what was counted."""
    port, stream = opened(backend)
    assert port.playback is not None
    rate_hz = port.output_rate_hz
    samples = np.concatenate([sweep(rate_hz), np.zeros(rate_hz // 2, np.float32)])
    assert port.playback.put(samples) == samples.size
    pause = threading.Event()
    while port.stats().played_position < samples.size and stream.active:
        pause.wait(0.01)
    priorities = [priority_is_as_reported(port, direction) for direction in Direction]
    active, info, stats = stream.active, stream.info, port.stats()
    stream.close()
    stream.close()
    return {
        "active": active,
        "active_after_close": stream.active,
        "native": info.native,
        "priority": stats.output_priority,
        "priority_is_as_reported": all(priorities),
        "output": info.output and info.output.device,
        "input": info.input and info.input.device,
        "played_s": stats.played_position / rate_hz,
        "captured_s": stats.input_frames / port.input_rate_hz,
    }


def main(name: str) -> None:
    """Play the sweep, the second stream of this process, so that what the library keeps for good is there already."""
    backend = make_backend(name)
    _, first = opened(backend)
    first.close()
    before = left_at_rest()
    report = play(backend)
    report["before"], report["after"] = before, left_at_rest()
    backend.close()
    print(json.dumps(report))


if __name__ == "__main__":
    main(sys.argv[1])
