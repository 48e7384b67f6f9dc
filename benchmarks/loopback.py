"""Plays on one device and records on another at the same time, natively, with a log of every block."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.block_log import BlockLog, LoggedPort
from benchmarks.probe import Signal
from engine.audio.backend import Backend, Stream, StreamInfo, StreamRequest
from engine.audio.kernels.control import NEVER
from engine.errors import NoDeviceError, StreamLostError

_LOOK_S = 0.02
"""How often the capture ring is emptied; it holds 10 s."""
_PATIENCE_S = 2.0
"""How much longer than it lasts a recording may take: Bluetooth devices need a second to wake."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What came back of what was played."""

    samples: Signal
    """From the first frame that the microphone gave."""
    rates_hz: tuple[int, int]
    """Of speaker and microphone."""
    played: BlockLog
    """Blocks of the speaker while there was something to play."""
    recorded: BlockLog
    info: StreamInfo
    xruns: int
    """Blocks that the host says came too late: the way may be another after one."""


class Loopback:
    """An open pair of devices that plays a signal once and records meanwhile.

    Example:
        >>> with opened(backend, StreamRequest(input="line in", output="line out"), 3.0) as loopback:
        ...     loopback.start(lambda rate_hz: chirp(rate_hz))
        ...     recording = loopback.record(0.5)
    """

    def __init__(self, stream: Stream, port: LoggedPort) -> None:
        if port.playback is None or port.capture is None:
            raise NoDeviceError("A round trip needs a speaker and a microphone.")
        self._stream, self._port = stream, port
        self._playback, self._capture = port.playback, port.capture
        self._pieces: list[Signal] = []
        self._signal_frames = 0

    def start(self, make_signal: Callable[[int], Signal]) -> None:
        """Begin to play `make_signal(rate_hz)`, at most 40 s, and to record."""
        signal = make_signal(self._port.output_rate_hz)
        self._signal_frames = self._playback.producer.put(signal)
        self._stream.start()

    @property
    def rates_hz(self) -> tuple[int, int]:
        """Of speaker and microphone."""
        return self._port.output_rate_hz, self._port.input_rate_hz

    def heard(self) -> Signal:
        """Everything recorded so far."""
        self._collect()
        return np.concatenate(self._pieces) if self._pieces else np.empty(0, np.float32)

    def record(self, after_s: float) -> Recording:
        """Wait until the signal has been played, and `after_s` more; return the recording.

        Raises:
            StreamLostError: the devices do not move.
        """
        out_hz, in_hz = self.rates_hz
        seconds = self._signal_frames / out_hz + after_s
        deadline_s = time.monotonic() + seconds + _PATIENCE_S
        until_frames = NEVER
        while (count := self._collect()) < until_frames:
            if until_frames == NEVER and self._playback.tail >= self._signal_frames:
                until_frames = count + round(after_s * in_hz)
            if time.monotonic() > deadline_s:
                raise StreamLostError("The devices stopped in the middle of the measurement.", fix="Try again.")
            time.sleep(_LOOK_S)
        played, stats = self._port.played, self._port.stats()
        sounding = played.positions < self._signal_frames
        return Recording(
            samples=self.heard(),
            rates_hz=self.rates_hz,
            played=BlockLog(played.times_ns[sounding], played.positions[sounding]),
            recorded=self._port.recorded,
            info=self._stream.info,
            xruns=stats.input_xruns + stats.output_xruns,
        )

    def _collect(self) -> int:
        """Take what has been recorded since; return how many frames there are in all."""
        piece = self._capture.consumer.get(self._capture.capacity)
        if piece.size:
            self._pieces.append(piece)
        return sum(each.size for each in self._pieces)


@contextlib.contextmanager
def opened(backend: Backend, request: StreamRequest, seconds: float) -> Iterator[Loopback]:
    """Open a pair of devices for at most `seconds` of sound; they are closed on every way out.

    Raises:
        VoiceError: the backend cannot open them.
    """
    port = LoggedPort(seconds + 2 * _PATIENCE_S)
    stream = backend.open(port, request)
    try:
        yield Loopback(stream, port)
    finally:
        stream.close()
