"""A microphone and a speaker in the virtual time of the loop: the real kernel, moved a block at a time by a timer."""

from __future__ import annotations

import asyncio
from collections import deque

import numpy as np
from numpy.typing import NDArray

from engine.audio.device.protocol import PROTOCOL_VERSION
from engine.audio.port.audio_port import AudioPort
from engine.audio.types import Device, StreamInfo, StreamRequest, StreamSide

RATE_HZ = 48000
BLOCK_MS = 10.0
KEPT_S = 600.0
"""Longest playback that is kept, from the end."""


class VirtualDevices:
    """A backend for tests; `say` is its microphone, `heard` what its speaker played.

    Example:
        >>> from engine.realtime.testing import run_virtual
        >>> devices = VirtualDevices()
        >>> devices.say(np.full(480, 0.5, np.float32))
        >>> async def main() -> float:
        ...     port = AudioPort()
        ...     stream = devices.open(port, StreamRequest())
        ...     stream.start()
        ...     await asyncio.sleep(1.0)
        ...     stream.close()
        ...     return float(port.capture.get(480).max())
        >>> run_virtual(main())
        0.5
    """

    name = "virtual time"
    protocol_version = PROTOCOL_VERSION

    def __init__(
        self, *, rate_hz: int = RATE_HZ, block_ms: float = BLOCK_MS, latency_ms: float = 0.0, kept_s: float = KEPT_S
    ) -> None:
        """Make the devices.

        Args:
            rate_hz: Sample rate of both.
            block_ms: Length of a block.
            latency_ms: Delay that the speaker reports.
            kept_s: Longest playback that `heard` returns, from the end.
        """
        self.rate_hz = rate_hz
        self.block_frames = round(rate_hz * block_ms / 1000)
        self.latency_ms = latency_ms
        self._played: deque[NDArray[np.float32]] = deque(maxlen=max(1, round(1000 * kept_s / block_ms)))
        self._spoken: deque[NDArray[np.float32]] = deque()
        self._silence = np.zeros(self.block_frames, np.float32)

    def say(self, samples: NDArray[np.float32]) -> None:
        """Speak mono float32 at `rate_hz` into the microphone, after what waits there; then it is silent again."""
        self._spoken.append(np.asarray(samples, np.float32))

    @property
    def heard(self) -> NDArray[np.float32]:
        """Playback of the speaker so far, float32 (frames,), mono at `rate_hz`."""
        return np.concatenate(self._played) if self._played else np.empty(0, np.float32)

    def devices(self) -> list[Device]:
        """List the one device there is."""
        return [Device(0, self.name, "test", 1, 1, self.rate_hz, is_default_input=True, is_default_output=True)]

    def open(self, port: AudioPort, request: StreamRequest) -> _VirtualStream:
        """Open the stream; the request's names and files are ignored."""
        return _VirtualStream(port, self)

    def close(self) -> None:
        """Nothing to give back."""

    def next_spoken(self) -> NDArray[np.float32]:
        """The microphone's next block."""
        parts, missing = list[NDArray[np.float32]](), self.block_frames
        while missing and self._spoken:
            spoken = self._spoken.popleft()
            parts.append(spoken[:missing])
            if spoken.size > missing:
                self._spoken.appendleft(spoken[missing:])
            missing -= parts[-1].size
        return np.concatenate([*parts, self._silence[:missing]])

    def play(self, block: NDArray[np.float32]) -> None:
        """Keep a block that was played."""
        self._played.append(block)


class _VirtualStream:
    """Moves a block whenever the loop's clock has come so far; no error of the timer adds up."""

    def __init__(self, port: AudioPort, devices: VirtualDevices) -> None:
        port.attach_input(devices.rate_hz, 1)
        port.attach_output(devices.rate_hz, 1)
        self._port = port
        self._devices = devices
        self._timer: asyncio.TimerHandle | None = None
        self._began_s = 0.0
        self._blocks = 0
        self._is_closed = False
        self.info = StreamInfo(
            devices.name,
            native=True,
            input=StreamSide(devices.name, devices.rate_hz, 1, devices.block_frames, 0.0),
            output=StreamSide(devices.name, devices.rate_hz, 1, devices.block_frames, devices.latency_ms),
        )

    @property
    def active(self) -> bool:
        """True from `start` to `close`."""
        return self._timer is not None and not self._is_closed

    def start(self) -> None:
        """Let the blocks come."""
        self._began_s = asyncio.get_running_loop().time()
        self._schedule()

    def close(self) -> None:
        """Let no more come; safe to call twice, and from another thread."""
        if not self._is_closed:
            self._is_closed = True
            self._port.finish()

    def _schedule(self) -> None:
        self._blocks += 1
        at_s = self._began_s + self._blocks * self._devices.block_frames / self._devices.rate_hz
        self._timer = asyncio.get_running_loop().call_at(at_s, self._step)

    def _step(self) -> None:
        if self._is_closed:
            return
        loop = asyncio.get_running_loop()
        heard = np.empty((self._devices.block_frames, 1), np.float32)
        self._port.process(self._devices.next_spoken()[:, None], None)
        self._port.process(None, heard)
        self._port.stamp(round(1e9 * loop.time()))
        self._devices.play(heard[:, 0])
        self._schedule()
