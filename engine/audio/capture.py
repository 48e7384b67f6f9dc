"""Capture: turns what the microphone's ring holds into blocks for the wire."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from engine.audio.clock import loop_time_s
from engine.audio.kernels import capture_layout as s
from engine.audio.port.audio_port import AudioPort
from engine.dsp.compile.library import library
from engine.dsp.memory import Pinned, aligned_samples, aligned_words
from engine.dsp.resample import make_resampler
from engine.errors import InvalidInputError


class MicBlock(NamedTuple):
    """One block of the microphone, ready for the wire."""

    pcm16: bytes
    """Little-endian mono at the wire's rate."""
    captured_at_s: float
    """Moment at which its last frame was in the ring, on the loop's clock."""
    at_sample: int = 0
    """Position of its first sample in all that the microphone has heard, at the wire's rate."""


class Capture(Pinned):
    """Reads the capture ring of a port; used from the event loop only.

    Example:
        >>> port = AudioPort()
        >>> port.attach_input(48000, channels=1)
        >>> capture = Capture(port, wire_rate_hz=24000, block_ms=20)
        >>> port.process(np.zeros((1920, 1), np.float32), None)  # 40 ms from the device
        >>> [len(block.pcm16) for block in capture.read_blocks()]
        [960, 960]
    """

    def __init__(
        self, port: AudioPort, wire_rate_hz: int, block_ms: float, *, gain: float = 1.0, at_sample: int = 0
    ) -> None:
        """Cut the microphone of `port` into blocks of `block_ms` milliseconds at `wire_rate_hz`.

        From now on nobody else takes from the port's capture ring.

        Args:
            port: Its input is attached.
            wire_rate_hz: Rate of the blocks.
            block_ms: Length of a block; at least one sample.
            gain: Linear factor on the way to the wire.
            at_sample: Samples that were heard before, on another port.

        Raises:
            InvalidInputError: the port has no input, or the block is no sample long.
        """
        if port.capture is None:
            raise InvalidInputError("A capture needs a port with an input.")
        self.block_samples = round(wire_rate_hz * block_ms / 1000) if math.isfinite(block_ms) else 0
        if self.block_samples < 1:
            raise InvalidInputError(
                f"A microphone block of {block_ms} ms is shorter than one sample.", fix="Use 10 to 100 ms."
            )
        self.at_sample = at_sample
        """Samples that have been read."""
        self._port, self._ring = port, port.capture
        self._resampler = make_resampler(port.input_rate_hz, wire_rate_hz)
        most_ready = self.block_samples + self._resampler.most_out(s.MOST_FRAMES)
        self._frames, self._samples = aligned_samples(s.MOST_FRAMES), aligned_samples(most_ready)
        self._pcm16 = np.empty(self.block_samples, "<i2")
        self._state = aligned_words(s.WORDS)
        self._state[s.CONTROL], self._state[s.RING] = port.control_address, self._ring.handle
        self._state[s.RESAMPLER] = self._resampler.address
        self._state[s.FRAMES], self._state[s.SAMPLES] = self._frames.ctypes.data, self._samples.ctypes.data
        self._state[s.PCM16], self._state[s.BLOCK] = self._pcm16.ctypes.data, self.block_samples
        self._floats = self._state.view(np.float64)
        self._floats[s.WIRE_FRAMES], self._floats[s.GAIN] = port.input_rate_hz / wire_rate_hz, gain
        self._address = int(self._state.ctypes.data)
        port.wake_at_captured(1)

    def read_blocks(self) -> list[MicBlock]:
        """Return the blocks that are complete."""
        blocks = []
        while library().cut_block(self._address):
            newest_s = self._state.item(s.NEWEST_NS) / 1e9 or loop_time_s()
            captured_at_s = newest_s - self._floats.item(s.WAITING_FRAMES) / self._port.input_rate_hz
            blocks.append(MicBlock(self._pcm16.tobytes(), captured_at_s, self.at_sample))
            self.at_sample += self.block_samples
        return blocks
