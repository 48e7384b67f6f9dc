"""Plays on one device and records on another at the same time, natively, with a log of every block."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.signals.block_log import BlockLog, LoggedPort
from benchmarks.signals.probe import Signal
from engine.audio.device.protocol import Backend
from engine.audio.kernels.control import NEVER
from engine.audio.port.ring import Ring
from engine.audio.types import StreamInfo, StreamRequest
from engine.errors import NoDeviceError, StreamLostError

_POLL_S = 0.02
"""Pause between two visits to the capture ring, which holds 5 s."""
_PATIENCE_S = 2.0
"""Time that a recording may take beyond its length: Bluetooth devices need a second to wake."""


@dataclass(frozen=True, slots=True)
class Recording:
    """Recording of what was played, as it came back."""

    samples: Signal
    """From the first frame that the microphone gave."""
    rates_hz: tuple[int, int]
    """Sample rates of speaker and microphone."""
    played: BlockLog
    """Blocks of the speaker while there was something to play."""
    recorded: BlockLog
    info: StreamInfo
    xruns: int
    """Blocks that the host says came too late: the way may be another after one."""


def play_and_record(
    backend: Backend, request: StreamRequest, make_signal: Callable[[int], Signal], seconds: float, after_s: float
) -> Recording:
    """Open a pair of devices, play a signal once, and record until `after_s` after its end.

    Args:
        backend: Opens the pair.
        request: Names both.
        make_signal: Takes the speaker's rate in Hz.
        seconds: Length of the signal at most; there is room for 20 s.
        after_s: How long is listened after it.

    Raises:
        VoiceError: the pair cannot be opened, or does not move.
    """
    port = LoggedPort(seconds + after_s + 2 * _PATIENCE_S)
    stream = backend.open(port, request)
    try:
        if port.playback is None or port.capture is None:
            raise NoDeviceError("A round trip needs a speaker and a microphone.")
        signal_frames = port.playback.put(make_signal(port.output_rate_hz))
        stream.start()
        samples = _record(port.playback, port.capture, signal_frames, seconds + after_s, after_s * port.input_rate_hz)
        played, stats = port.played, port.stats()
        sounding = played.positions < signal_frames
        return Recording(
            samples=samples,
            rates_hz=(port.output_rate_hz, port.input_rate_hz),
            played=BlockLog(played.times_ns[sounding], played.positions[sounding]),
            recorded=port.recorded,
            info=stream.info,
            xruns=stats.input_xruns + stats.output_xruns,
        )
    finally:
        stream.close()


def _record(playback: Ring, capture: Ring, signal_frames: int, seconds: float, after_frames: float) -> Signal:
    """Empty the capture ring until the signal has been played, and for `after_frames` more.

    Raises:
        StreamLostError: the devices do not move.
    """
    pieces = list[Signal]()
    deadline_s = time.monotonic() + seconds + _PATIENCE_S
    until_frames = NEVER
    while sum(piece.size for piece in pieces) < until_frames:
        if time.monotonic() > deadline_s:
            raise StreamLostError("The devices stopped in the middle of the measurement.", fix="Try again.")
        time.sleep(_POLL_S)
        pieces.append(capture.get(capture.capacity))
        if until_frames == NEVER and playback.tail >= signal_frames:
            until_frames = capture.tail + round(after_frames)
    return np.concatenate(pieces)
