"""`voice bench port`: one block of microphone and speaker through `AudioPort.process`, 20 ms at 48 kHz."""

from __future__ import annotations

import queue

import numpy as np
from numpy.typing import NDArray

from benchmarks.case import Case
from benchmarks.results import Result, compared
from benchmarks.timing import interleaved
from engine.audio.port import AudioPort

_RATE_HZ = 48000
_FRAMES = 960
_CASE = f"process/{_FRAMES}"


def cases() -> list[Case]:
    """Full duplex, mono in and out; both rings are kept from running full or dry."""
    return [Case(_CASE, _process)]


def _process(seconds: float) -> Result:
    port = AudioPort()
    port.attach_input(_RATE_HZ, 1)
    port.attach_output(_RATE_HZ, 1)
    assert port.capture is not None
    assert port.playback is not None
    source = np.zeros((_FRAMES, 1), np.float32)
    output = np.empty((_FRAMES, 1), np.float32)
    answer = np.full(_FRAMES, 0.1, np.float32)
    recorded: queue.Queue[NDArray[np.float32]] = queue.Queue()
    to_play: queue.Queue[NDArray[np.float32]] = queue.Queue()
    capture, playback = port.capture, port.playback

    def ours() -> None:
        playback.producer.put(answer)
        port.process(source, output)
        capture.consumer.get(_FRAMES)

    def theirs() -> None:
        to_play.put_nowait(answer)
        recorded.put_nowait(source.copy())
        output[:, 0] = np.clip(to_play.get_nowait(), -1.0, 1.0)
        recorded.get_nowait()

    return compared("port", _CASE, "ns", interleaved({"ours": ours, "two queues + numpy": theirs}, seconds))
