"""A backend whose clock is the test: time passes only when the test says so."""

from __future__ import annotations

import asyncio

import numpy as np
from numpy.typing import NDArray

from engine.audio.device.protocol import PROTOCOL_VERSION
from engine.audio.port.audio_port import AudioPort
from engine.audio.types import Device, StreamInfo, StreamRequest, StreamSide

RATE_HZ = 48000
_TURNS_OF_THE_LOOP = 6
"""From the kernel's wake-up to the session's reaction."""


class ManualStream:
    """Runs the port's kernel block by block."""

    def __init__(self, port: AudioPort, rate_hz: int = RATE_HZ) -> None:
        port.attach_input(rate_hz, 1)
        port.attach_output(rate_hz, 1)
        side = StreamSide("manual", rate_hz, 1, rate_hz // 100, 0.0)
        self.info = StreamInfo(backend="manual", native=True, input=side, output=side)
        self.active = True
        self.started = asyncio.Event()
        self.closed = False
        self._port = port
        self._rate_hz = rate_hz
        self._heard: list[NDArray[np.float32]] = []

    def start(self) -> None:
        """Let the test begin."""
        self.started.set()

    def close(self) -> None:
        """Nothing to release."""
        self.closed = True

    def end(self) -> None:
        """The library says that the stream has ended."""
        self.active = False
        self._port.finish()

    def end_input(self) -> None:
        """The microphone's file is over."""
        self._port.end_input()

    async def run(self, seconds: float, spoken: NDArray[np.float32] | None = None) -> None:
        """Let time pass, in blocks of 10 ms; what is not spoken is silence. The session reacts after each block."""
        frames = round(seconds * self._rate_hz)
        source = np.zeros(frames, np.float32)
        if spoken is not None:
            source[: spoken.size] = spoken[:frames]
        for start in range(0, frames, self._rate_hz // 100):
            if self.closed:
                return
            block = source[start : start + self._rate_hz // 100]
            out = np.empty((block.size, 1), np.float32)
            self._port.process(block[:, None], None)
            self._port.process(None, out)
            self._heard.append(out[:, 0].copy())
            for _ in range(_TURNS_OF_THE_LOOP):
                await asyncio.sleep(0)

    @property
    def heard(self) -> NDArray[np.float32]:
        """Everything the speaker played, at its rate."""
        return np.concatenate(self._heard) if self._heard else np.empty(0, np.float32)


class ManualBackend:
    """Opens one `ManualStream`."""

    name = "manual"
    protocol_version = PROTOCOL_VERSION

    def __init__(self) -> None:
        self.stream: ManualStream | None = None

    def devices(self) -> list[Device]:
        """None to list."""
        return []

    def open(self, port: AudioPort, request: StreamRequest) -> ManualStream:
        """Open the stream of the test."""
        self.stream = ManualStream(port)
        return self.stream

    def close(self) -> None:
        """Nothing to give back."""
