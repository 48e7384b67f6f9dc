"""`voice bench port`: one block of microphone and speaker through `AudioPort.process`, 20 ms at 48 kHz."""

from __future__ import annotations

import queue
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmarks.case import Case, beside_rivals
from engine.audio.port.audio_port import AudioPort

_RATE_HZ = 48000
_FRAMES = 960
_BLOCKS = 100
"""Blocks between two visits to the rings: 2 s, which both of them hold."""


def cases() -> list[Case]:
    """Full duplex, mono in and out; both rings are filled and emptied for many blocks at a time."""
    return [beside_rivals("port", f"process/{_FRAMES}", _functions, calls=1, pieces=_BLOCKS)]


def _functions() -> dict[str, Callable[[], None]]:
    port = AudioPort()
    port.attach_input(_RATE_HZ, 1)
    port.attach_output(_RATE_HZ, 1)
    assert port.capture is not None
    assert port.playback is not None
    source = np.zeros((_FRAMES, 1), np.float32)
    output = np.empty((_FRAMES, 1), np.float32)
    answer = np.full(_BLOCKS * _FRAMES, 0.1, np.float32)
    recorded: queue.Queue[NDArray[np.float32]] = queue.Queue()
    to_play: queue.Queue[NDArray[np.float32]] = queue.Queue()
    capture, playback = port.capture, port.playback

    def ours() -> None:
        playback.put(answer)
        for _ in range(_BLOCKS):
            port.process(source, output)
        capture.get(answer.size)

    def theirs() -> None:
        for _ in range(_BLOCKS):
            to_play.put_nowait(answer[:_FRAMES])
            recorded.put_nowait(source.copy())
            output[:, 0] = np.clip(to_play.get_nowait(), -1.0, 1.0)
            recorded.get_nowait()

    return {"ours": ours, "two queues + numpy": theirs}
