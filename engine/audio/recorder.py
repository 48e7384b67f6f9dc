"""The recorder: turns what the microphone's ring holds into blocks for the wire."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.audio.clock import loop_time_s
from engine.audio.port import AudioPort
from engine.dsp.pcm16 import float32_to_pcm16
from engine.dsp.resample import make_resampler
from engine.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class MicBlock:
    """One block of the microphone, ready for the wire."""

    pcm16: bytes
    """Little-endian mono at the wire's rate."""
    captured_at_s: float
    """When its last frame was in the ring, on the loop's clock."""
    at_sample: int = 0
    """Which sample of all that the microphone has heard its first is, at the wire's rate."""


class Recorder:
    """Reads the capture ring of a port; used from the event loop only.

    Example:
        >>> recorder = Recorder(port, wire_rate_hz=24000, block_ms=20)
        >>> block = recorder.read_block()       # None until 20 ms are there
    """

    def __init__(
        self, port: AudioPort, wire_rate_hz: int, block_ms: float, *, gain: float = 1.0, at_sample: int = 0
    ) -> None:
        """Cut the microphone of `port` into blocks of `block_ms` milliseconds at `wire_rate_hz`.

        Args:
            port: Its input is attached.
            wire_rate_hz: Rate of the blocks.
            block_ms: Length of a block; at least one sample.
            gain: Linear factor on the way to the wire.
            at_sample: How much was heard before, on another port.

        Raises:
            InvalidInputError: the port has no input, or the block is no sample long.
        """
        if port.capture is None:
            raise InvalidInputError("The recorder needs a port with an input.")
        self.block_samples = round(wire_rate_hz * block_ms / 1000)
        if self.block_samples < 1:
            raise InvalidInputError(f"A microphone block of {block_ms} ms is no sample long.", fix="Use 10 to 100 ms.")
        self._port = port
        self._ring = port.capture
        self._gain = np.float32(gain)
        self._resampler = make_resampler(port.input_rate_hz, wire_rate_hz)
        self._wire_frames = port.input_rate_hz / wire_rate_hz
        self._ready: deque[NDArray[np.float32]] = deque()
        self._ready_samples = 0
        self.at_sample = at_sample
        """How many samples have been read."""
        self._port.wake_at_captured(self._missing_frames())

    def read_block(self) -> MicBlock | None:
        """Return the next block, or None while it is not complete."""
        while self._ready_samples < self.block_samples:
            missing_frames = self._missing_frames()
            frames = self._ring.consumer.get(missing_frames)
            if not frames.size:
                self._port.wake_at_captured(self._ring.tail + missing_frames)
                return None
            samples = self._resampler.process(frames)
            self._ready.append(samples)
            self._ready_samples += samples.size
        block = MicBlock(self._take_block(), self._capture_time_s(), self.at_sample)
        self.at_sample += self.block_samples
        return block

    def _take_block(self) -> bytes:
        block = np.concatenate(self._ready) if len(self._ready) > 1 else self._ready[0]
        self._ready.clear()
        self._ready_samples -= self.block_samples
        if self._ready_samples:
            self._ready.append(block[self.block_samples :])
            block = block[: self.block_samples]
        if self._gain != 1.0:
            block = block * self._gain
        return float32_to_pcm16(block).tobytes()

    def _capture_time_s(self) -> float:
        """When the last frame of the block just taken came in: the last callback's time less what came after."""
        newest_s = self._port.last_capture_ns / 1e9 or loop_time_s()
        waiting = self._ring.head - self._ring.tail + self._ready_samples * self._wire_frames
        return newest_s - max(0.0, waiting) / self._port.input_rate_hz

    def _missing_frames(self) -> int:
        """How many frames of the microphone the next block still needs; at least one."""
        return max(1, int((self.block_samples - self._ready_samples) * self._wire_frames))
