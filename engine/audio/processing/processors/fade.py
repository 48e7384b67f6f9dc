"""Fades of processors that silence the microphone: a click is a spectrum of its own to whoever listens for speech."""

from __future__ import annotations

import numpy as np

from engine.audio.processing.protocol import RATE_HZ, Samples


class Fade:
    """A gain between 0 and 1 that moves evenly.

    Example:
        >>> fade = Fade()
        >>> fade.apply(np.ones(480, np.float32), to=0.0, ramp_ms=5.0)[[119, 239, 479]].tolist()
        [0.5, 0.0, 0.0]
    """

    def __init__(self) -> None:
        self._gain = 1.0

    def apply(self, block: Samples, *, to: float, ramp_ms: float) -> Samples:
        """Return the block with the gain on its way to another.

        Args:
            block: Mono float32 at 48 kHz.
            to: Gain in the end.
            ramp_ms: Time of the whole way between 0 and 1.
        """
        if self._gain == to:
            return block if to == 1.0 else block * np.float32(to)
        step = 1000 / (ramp_ms * RATE_HZ) * (1 if to > self._gain else -1)
        gains = self._gain + step * np.arange(1, block.size + 1)
        gains = np.minimum(gains, to) if step > 0 else np.maximum(gains, to)
        self._gain = float(gains[-1]) if block.size else self._gain
        return block * gains.astype(np.float32)
