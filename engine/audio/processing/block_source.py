"""The microphone as a chain takes it: in blocks at the chain's rate, each with the reference that belongs to it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engine.audio.clock import loop_time_s
from engine.audio.port.audio_port import AudioPort
from engine.audio.port.waker import ThreadWaker
from engine.audio.processing.alignment import ReferenceAligner
from engine.audio.processing.protocol import FRAMES, RATE_HZ, Samples
from engine.dsp.resample import Resampler, make_resampler

BLOCK_FRAMES = 2 * FRAMES
"""Length of a block on the wire: shorter blocks wake two threads more often, and are sent no sooner."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block of the microphone, and what belongs to it."""

    samples: Samples
    reference: Samples
    captured_at_s: float
    """Time at which its last frame entered the ring, on the loop's clock."""
    is_blind: bool
    """Whether the canceller may lack the reference of its echo."""
    jumps: int
    """Number of times so far that the echo moved against the reference: the canceller has to learn its path anew."""


class BlockSource:
    """Cuts the microphone into blocks at the chain's rate, each with its reference; used by one thread at a time."""

    def __init__(self, port: AudioPort, aligner: ReferenceAligner) -> None:
        """Take the microphone of a port, whose capture ring nobody else reads from now on.

        Args:
            port: Its input is attached.
            aligner: Gives the reference of that port.
        """
        assert port.capture is not None
        self._port, self._ring, self._aligner = port, port.capture, aligner
        self._waiting = np.empty(0, np.float32)
        self.waker = ThreadWaker()
        """Wakes the thread that takes, once a block is there."""
        port.wake_thread_at_captured(self.waker)

    @cached_property
    def _resampler(self) -> Resampler:
        """Made on the chain's thread: the filters of a pair of rates take 60 ms unless they are cached."""
        return make_resampler(self._port.input_rate_hz, RATE_HZ)

    def take(self) -> Block | None:
        """Return the next block; None where it has not come yet, and `waker` is signalled when it has."""
        rate_hz = self._port.input_rate_hz
        while (missing := BLOCK_FRAMES - self._waiting.size) > 0:
            needed = self._ring.tail + max(1, missing * rate_hz // RATE_HZ)
            if self._ring.head < needed:
                self._port.wake_at_captured(needed)
                return None
            samples = self._resampler.process(self._ring.get(self._ring.capacity))
            self._waiting = np.concatenate([self._waiting, samples])
        samples, self._waiting = self._waiting[:BLOCK_FRAMES], self._waiting[BLOCK_FRAMES:]
        tail, behind = self._ring.tail, round(self._waiting.size * rate_hz / RATE_HZ)
        # Read in one go: after a callback in between, what is said while muted looks older, and would be sent.
        newest_s, came = self._port.last_capture_ns / 1e9 or loop_time_s(), self._ring.head - tail
        reference = self._aligner.take(BLOCK_FRAMES, tail - behind)
        captured_at_s = newest_s - (behind + came) / rate_hz
        return Block(samples, reference, captured_at_s, self._aligner.is_blind, self._aligner.jumps)
