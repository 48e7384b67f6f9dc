"""Runs the processors of a microphone one after the other, and takes out the one that fails."""

from __future__ import annotations

import logging
import math
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from time import monotonic

import numpy as np

from engine.audio.processing.processors.half_duplex import HalfDuplex
from engine.audio.processing.protocol import RATE_HZ, Processor, Samples

_log = logging.getLogger(__name__)
_MOST_BEHIND_S = 2.0
"""Backlog at which the slowest processor is taken out, as the delay only grows. A busy machine catches up before."""

_MAY_TELL = {"delay_ms": 0.0, "cancels_echo": False, "speech_probability": -1.0}
"""Properties of some processors, and what they are for others; read with each block on its thread: they may fail or
hang as well."""

_MOST_COUNTED_S = 0.5
"""Longest time that is counted for one block. A longer one is a hang, noticed elsewhere, or a suspended process."""


class Chain:
    """The processors of one session, which outlive its streams.

    Example:
        >>> from engine.audio.processing.processors.gain import Gain
        >>> chain = Chain([Gain(gain_db=-6.0)])
        >>> block = np.ones(480, np.float32)
        >>> round(float(chain.process(block, block)[-1]), 2)
        0.5
    """

    def __init__(self, processors: Sequence[Processor], warn: Callable[[str], None] = lambda _: None) -> None:
        """Put processors in a row.

        Args:
            processors: In the order in which they hear the microphone.
            warn: Called once for each that is taken out, on the thread that noticed.
        """
        self._processors = list(processors)
        self._cancellers = set[int]()
        """Processors (their ids) that have cancelled echo."""
        self._warn = warn
        self.in_use = threading.Lock()
        """Held by the caller during `process`: a hung processor keeps it."""
        self._current: Processor | None = None
        self._is_left = False
        self.delay_ms, self.cancels_echo = 0.0, False
        """Lag of the latest block, and whether echo was cancelled in it; silence and gain are no cancellation."""
        self.speech_probability: float | None = None
        """Probability that the latest 10 ms are speech; None where no processor knows."""
        self._sound_s, self._spent_s = 0.0, defaultdict[int, float](float)
        """Sound since there was no backlog, and the time that each processor (its id) has spent on it."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the processors that are still in it."""
        return tuple(_name(processor) for processor in self._processors)

    def process(self, block: Samples, reference: Samples) -> Samples:
        """Return a block as all processors leave it; never raises.

        Args:
            block: Mono float32 at 48 kHz, a multiple of 10 ms. The kernel lets no NaN of a device through.
            reference: The speaker's sound, of the same length.
        """
        samples, delay_ms, cancels_echo, probability = block, 0.0, False, None
        for processor in tuple(self._processors):
            if self._is_left:
                return samples
            self._current, began_s = processor, monotonic()
            try:
                processed = np.array(processor.process(samples.copy(), reference))  # it may use its memory again
                told = [float(getattr(processor, name, default)) for name, default in _MAY_TELL.items()]
            except Exception as error:
                _log.debug("a processor failed", exc_info=error)
                self._take_out(processor, f"it failed ({type(error).__name__}: {error})")
                continue
            if processed.shape != samples.shape or processed.dtype != np.float32:
                self._take_out(processor, f"it gave {processed.dtype} of shape {processed.shape}")
            elif not math.isfinite(np.dot(processed, processed)):
                self._take_out(processor, "it returned samples that are not numbers")
            elif not math.isfinite(sum(told)):
                properties = dict(zip(_MAY_TELL, told, strict=True))
                self._take_out(processor, f"it tells {properties}")
            else:
                samples = processed
                delay_ms, cancels_echo = delay_ms + told[0], cancels_echo or bool(told[1])
                if told[1]:
                    self._cancellers.add(id(processor))
                probability = told[2] if told[2] >= 0 else probability
                self._spent_s[id(processor)] += min(monotonic() - began_s, _MOST_COUNTED_S)
        self._current = None
        if not self._is_left:
            self.delay_ms, self.cancels_echo, self.speech_probability = delay_ms, cancels_echo, probability
            self._keep_pace(block.size / RATE_HZ)
        return samples

    def _keep_pace(self, sound_s: float) -> None:
        self._sound_s += sound_s
        behind_s = sum(self._spent_s.values()) - self._sound_s
        if behind_s > _MOST_BEHIND_S:
            slowest = max(self._processors, key=lambda processor: self._spent_s[id(processor)])
            self._take_out(slowest, "it takes longer than what is said")
        if not 0.0 < behind_s <= _MOST_BEHIND_S:
            self._sound_s = 0.0
            self._spent_s.clear()

    def without_hung(self, seconds: float) -> Chain:
        """Return a chain of the processors that do not hang; this one does nothing more, should it ever go on.

        Args:
            seconds: Time for which the current processor has been waited for.
        """
        self._is_left, hung = True, self._current
        if hung is not None:
            self._take_out(hung, f"it took more than {seconds:g} s")
        return Chain(self._processors, self._warn)

    def _take_out(self, processor: Processor, why: str) -> None:
        at = next((at for at, other in enumerate(self._processors) if other is processor), None)
        if at is None:
            return  # it hung, and fails now
        if id(processor) in self._cancellers:
            self._processors[at] = HalfDuplex()
            self._warn(f"Echo is cancelled no longer: {why}. The microphone is silent while the agent speaks.")
        else:
            self._processors = self._processors[:at] + self._processors[at + 1 :]
            self._warn(
                f"The audio processor {_name(processor)} was taken out: {why}. The microphone goes on without it."
            )


def _name(processor: Processor) -> str:
    return type(processor).__name__
