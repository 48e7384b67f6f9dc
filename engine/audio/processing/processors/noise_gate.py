"""Noise gate: silence between words.

For a steady noise below the voice, such as a fan or a hum, where noise suppression would colour the voice, and for
services that take noise for speech. It cannot take noise out of words, and cuts off what is said too softly.
"""

from __future__ import annotations

import numpy as np

from engine.audio.processing.processors.fade import Fade
from engine.audio.processing.protocol import FRAMES, RATE_HZ, Samples
from engine.dsp.meter import db_to_linear


class NoiseGate:
    """Silences what is softer than a threshold; it looks at 10 ms at a time, and adds no delay.

    Example:
        >>> gate, silence = NoiseGate(open_db=-40, hold_ms=0, release_ms=5), np.zeros(480, np.float32)
        >>> blocks = [np.full(480, level, np.float32) for level in (0.1, 0.001, 0.001)]
        >>> [round(float(gate.process(block, silence)[-1]), 4) for block in blocks]
        [0.1, 0.0, 0.0]
    """

    def __init__(
        self,
        *,
        open_db: float = -45.0,
        hysteresis_db: float = 6.0,
        attack_ms: float = 2.0,
        hold_ms: float = 250.0,
        release_ms: float = 100.0,
    ) -> None:
        """Begin open.

        Args:
            open_db: Mean power in dBFS that opens it.
            hysteresis_db: It closes so much below: a level in between changes nothing, so that it does not flutter.
            attack_ms: Time in which it opens.
            hold_ms: Time after the last loud 10 ms until it closes: the pauses within a sentence are shorter.
            release_ms: Time in which it closes.
        """
        self._open = db_to_linear(open_db)
        self._close = db_to_linear(open_db - abs(hysteresis_db))
        self._attack_ms, self._release_ms = max(attack_ms, 0.1), max(release_ms, 0.1)
        self._hold_frames = hold_ms / 1000 * RATE_HZ
        self._soft_frames, self._is_open = 0.0, True
        self._fade = Fade()

    def process(self, block: Samples, reference: Samples) -> Samples:
        """Return what is loud enough of the block."""
        return np.concatenate([self._step(block[i : i + FRAMES]) for i in range(0, block.size, FRAMES)])

    def _step(self, block: Samples) -> Samples:
        level = float(np.sqrt(np.square(block).mean()))
        if level > (self._close if self._is_open else self._open):
            self._soft_frames, self._is_open = 0.0, True
        elif self._soft_frames >= self._hold_frames:
            self._is_open = False
        else:
            self._soft_frames += block.size
        ramp_ms = self._attack_ms if self._is_open else self._release_ms
        return self._fade.apply(block, to=float(self._is_open), ramp_ms=ramp_ms)
