"""The recorder: turns what the microphone's ring holds into blocks for the wire."""

from __future__ import annotations

from typing import NamedTuple

from engine.audio.clock import loop_time_s
from engine.audio.cutter import Cutter
from engine.audio.port import AudioPort
from engine.errors import InvalidInputError


class MicBlock(NamedTuple):
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
        >>> blocks = recorder.read_blocks()     # none until 20 ms are there
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
        self._cutter = Cutter(port, port.capture, wire_rate_hz, block_samples=self.block_samples, gain=gain)
        self.at_sample = at_sample
        """How many samples have been read."""
        port.wake_at_captured(1)

    def read_blocks(self) -> list[MicBlock]:
        """Return the blocks that are complete."""
        blocks = []
        while (cut := self._cutter.cut()) is not None:
            pcm16, newest_ns, before_s = cut
            blocks.append(MicBlock(pcm16, (newest_ns / 1e9 or loop_time_s()) - before_s, self.at_sample))
            self.at_sample += self.block_samples
        return blocks
