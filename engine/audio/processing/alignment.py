"""The echo reference of a stream, paired with the microphone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.audio.port.audio_port import AudioPort
from engine.audio.processing.protocol import RATE_HZ, Samples
from engine.dsp.resample import make_resampler


class ReferenceAligner:
    """Gives the reference that belongs to each block of the microphone."""

    def __init__(self, port: AudioPort, *, on_taken: Callable[[Samples], None] | None = None) -> None:
        """Read the reference of a port, which nobody else reads from now on.

        Args:
            port: Both directions are attached, and it keeps its reference.
            on_taken: Given what is read, at the speaker's rate.
        """
        self._ring = port.reference
        self._on_taken = on_taken or (lambda _: None)
        self._resampler = make_resampler(port.output_rate_hz or RATE_HZ, RATE_HZ)
        self._waiting = np.empty(0, np.float32)

    def take(self, frames: int, captured_end: int) -> Samples:
        """Return the reference of so many frames of the microphone, at 48 kHz.

        Args:
            frames: Length of the block.
            captured_end: Position of its end in all that the microphone has given, at its own rate.
        """
        if self._ring is not None and (taken := self._ring.get(self._ring.capacity)).size:
            self._on_taken(taken)
            self._waiting = np.concatenate([self._waiting, self._resampler.process(taken)])
        given, self._waiting = self._waiting[:frames], self._waiting[frames:]
        return np.concatenate([given, np.zeros(frames - given.size, np.float32)])
