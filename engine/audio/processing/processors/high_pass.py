"""High-pass filter: takes out rumble, hum and the thud of hands on the desk, which are below the voice.

For a microphone on a desk or in the wind, where `webrtc` is off: that has one of its own. It adds no delay.
"""

from __future__ import annotations

import math

import numpy as np

from engine.audio.processing.protocol import RATE_HZ, Samples
from engine.dsp.compile.library import library
from engine.dsp.memory import address_of
from engine.errors import InvalidInputError

_BUTTERWORTH_Q = math.sqrt(0.5)


class HighPass:
    """A Butterworth filter of the second order: -3 dB at the cutoff, 12 dB less for each octave below.

    Coefficients as in R. Bristow-Johnson's "Cookbook formulae for audio EQ biquad filter coefficients".

    Example:
        >>> high_pass, silence = HighPass(), np.zeros(4800, np.float32)
        >>> bool(abs(high_pass.process(np.ones(4800, np.float32), silence)[-1]) < 1e-6)
        True
    """

    def __init__(self, *, cutoff_hz: float = 80.0) -> None:
        """Compute the coefficients.

        Args:
            cutoff_hz: The lowest voices begin at about 80 Hz.

        Raises:
            InvalidInputError: a cutoff that is no frequency of speech.
        """
        if not 1 <= cutoff_hz <= 8000:
            raise InvalidInputError(f"cutoff_hz cannot be {cutoff_hz!r}.", fix="Give a number from 1 to 8000.")
        angle = 2 * math.pi * cutoff_hz / RATE_HZ
        cosine, alpha = math.cos(angle), math.sin(angle) / (2 * _BUTTERWORTH_Q)
        edge = (1 + cosine) / 2
        numbers = edge, -2 * edge, edge, -2 * cosine, 1 - alpha
        self._coefficients = [number / (1 + alpha) for number in numbers]
        self._state = np.zeros(2)

    def process(self, block: Samples, reference: Samples) -> Samples:
        """Return the block without what is below the cutoff."""
        samples = np.array(block, np.float32)
        library().biquad(address_of(self._state), address_of(samples), samples.size, *self._coefficients)
        return samples
