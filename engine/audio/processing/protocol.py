"""The protocol of a processor: a step of the chain that the microphone passes through.

A processor is a class that a package registers under the entry-point group `voice.processors`; it is made with the
options that follow its name (`NAME:key=value`) as keyword arguments. The smallest one:

    import numpy as np


    class Louder:
        def __init__(self, *, gain_db: float = 6.0) -> None:
            self._gain = np.float32(10 ** (gain_db / 20))

        def process(self, block: np.ndarray, reference: np.ndarray) -> np.ndarray:
            return block * self._gain
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 48000
"""Sample rate of the chain. AEC3's speech probability fires on echo at 16 kHz."""
FRAMES = RATE_HZ // 100
"""Blocks are a multiple of this: 10 ms."""

Samples = NDArray[np.float32]


@runtime_checkable
class Processor(Protocol):
    """One step of the chain; made and called on one thread at a time.

    It may have properties, which are read after each block: `speech_probability`, from 0 to 1, that the latest 10 ms of
    the output are speech; `delay_ms`, the lag of the output; and `cancels_echo`, whether the speaker's sound is taken
    out of it.

    A processor that raises, hangs, takes longer than the sound, or returns anything but as many finite samples is taken
    out for the rest of the session, and so is one with a property that is no number.
    """

    def process(self, block: Samples, reference: Samples) -> Samples:
        """Return what is passed on of a block of the microphone.

        Args:
            block: Mono float32 at 48 kHz, a multiple of 10 ms; it may be written to.
            reference: The sound the speaker was given, of the same length; zeros where it was given nothing.
        """
