"""Half duplex: the microphone is silent while the agent sounds.

For where no echo can be cancelled: `webrtc` is not installed, or the path distorts so much that it does not cope.
Nobody can interrupt the agent by speaking then. It needs a reference, and adds no delay.
"""

from __future__ import annotations

import numpy as np

from engine.audio.processing.processors.fade import Fade
from engine.audio.processing.protocol import FRAMES, RATE_HZ, Samples
from engine.dsp.meter import db_to_linear

_RAMP_MS = 5.0
"""A few periods of a voice: shorter than the way of the sound, and no click."""


class HalfDuplex:
    """Silences the microphone.

    Example:
        >>> silence, sound = np.zeros(480, np.float32), np.ones(480, np.float32)
        >>> half_duplex = HalfDuplex(tail_ms=10)
        >>> [float(half_duplex.process(sound, reference)[-1]) for reference in (silence, sound, silence, silence)]
        [1.0, 0.0, 0.0, 1.0]
    """

    def __init__(self, *, threshold_db: float = -60.0, tail_ms: float = 300.0) -> None:
        """Begin with an open microphone.

        Args:
            threshold_db: Peak in dBFS from which the agent sounds.
            tail_ms: Time that its last sound needs to arrive and to decay: the speaker's and the microphone's
                latency, 20 to 150 ms, and in a room with an RT60 of 250 ms the 140 ms in which it falls by 34 dB.
        """
        self._threshold = db_to_linear(threshold_db)
        self._tail_frames = tail_ms / 1000 * RATE_HZ
        self._quiet_frames = self._tail_frames
        self._fade = Fade()

    def process(self, block: Samples, reference: Samples) -> Samples:
        """Return the block, or silence."""
        return np.concatenate(
            [self._step(block[i : i + FRAMES], reference[i : i + FRAMES]) for i in range(0, block.size, FRAMES)]
        )

    def _step(self, block: Samples, reference: Samples) -> Samples:
        if np.abs(reference).max() > self._threshold:
            self._quiet_frames = -float(block.size)
        is_open = self._quiet_frames >= self._tail_frames
        self._quiet_frames += block.size
        return self._fade.apply(block, to=float(is_open), ramp_ms=_RAMP_MS)
