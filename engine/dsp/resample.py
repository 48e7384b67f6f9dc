"""Streaming resampling of float32 blocks for live audio: minimum phase by default, nothing withheld.

A block goes in and all of its worth comes out, to one frame. The delay of the sound itself is that of the filter:
half a millisecond at 24 kHz with minimum phase, where libsoxr's HQ stream withholds 21 to 38 ms.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.dsp.filter_design import Taps, group_delay, kaiser_length, kaiser_lowpass, minimum_phase
from engine.dsp.lanes import UNROLLED
from engine.dsp.row_filter import row_stage
from engine.dsp.run_filter import run_stage
from engine.dsp.stage_chain import StageChain
from engine.dsp.stage_memory import StageMemory
from engine.errors import InvalidInputError

LOWEST_HZ, HIGHEST_HZ = 4000, 384_000
_CUTOFF = 0.9555
"""Middle of the sharp stage's transition, as a part of the lower Nyquist frequency."""
_SHARP_TAPS = 96
"""Length of the sharp filter in samples of the lower rate. With 96 the response is flat to 0.1 dB up to 0.9 of the
lower Nyquist frequency and 134 dB down from 1.05; 88 taps would reach 121 dB."""
_SHARP_DB, _SHORT_DB = 135.0, 139.0
"""Attenuation; what two stages leave adds up."""
_SMALL = 4
"""Ratios of numbers up to this are one stage of rows."""
_NEAR_ONE = 1.2
"""Ratios up to this, either way, are one stage of runs; beyond, runs become short."""
_DELAY_SEEN_AT_HZ = 1000.0


class Phase(Enum):
    """What the filter does to the time of a sound."""

    MINIMUM = "minimum"
    """Least delay; high frequencies come up to 0.5 ms later than low ones (24 kHz)."""
    LINEAR = "linear"
    """The same delay for all frequencies, nine times as long."""


class Resampler(Protocol):
    """Turns blocks at one rate into blocks at another, as one stream."""

    @property
    def chain(self) -> StageChain | None:
        """For compiled code that resamples on its way; None where nothing is to be done."""
        ...

    @property
    def delay_frames(self) -> float:
        """How much later a sound comes out, in frames of the output's rate."""
        ...

    def process(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take a block (1-D float32, any length), return its worth; the array is the caller's."""
        ...

    def flush(self) -> NDArray[np.float32]:
        """Return the tail; call `reset` before the next stream."""
        ...

    def reset(self) -> None:
        """Forget everything."""
        ...


@dataclass(frozen=True, slots=True)
class _StagePlan:
    """One stage of a pair of rates."""

    up: int
    down: int
    prototype: Taps
    delay_s: float
    """Group delay at 1 kHz."""
    length_s: float
    """How long it remembers."""

    @property
    def is_rows(self) -> bool:
        """True for a stage of `row_filter`, False for one of `run_filter`."""
        return min(self.up, self.down) == 1 or max(self.up, self.down) <= _SMALL

    def lay_out(self) -> StageMemory:
        """Return the memory of one such stage."""
        return (row_stage if self.is_rows else run_stage)(self.up, self.down, self.prototype)


class PolyphaseResampler:
    """One sharp filter, and for ratios that are neither simple nor near one a short filter before or behind it.

    20 ms from 24 to 48 kHz cost 2.4 us from Python where libsoxr's HQ stream costs 5.1; 24 to 44.1 kHz 3.9 against
    6.7, 44.1 to 48 kHz 7.0 against 8.6 (medians of one run with AVX-512).
    """

    def __init__(self, source_hz: int, target_hz: int, phase: Phase = Phase.MINIMUM) -> None:
        """Design the filters, or take them from an earlier resampler of the same pair.

        Raises:
            InvalidInputError: a rate below 4 or above 384 kHz.
        """
        for rate_hz in (source_hz, target_hz):
            if not LOWEST_HZ <= rate_hz <= HIGHEST_HZ:
                raise InvalidInputError(
                    f"A rate of {rate_hz} Hz cannot be resampled.", fix=f"Use {LOWEST_HZ} to {HIGHEST_HZ} Hz."
                )
        plans = _plan(source_hz, target_hz, phase)
        self._delay_frames = target_hz * sum(plan.delay_s for plan in plans)
        self._tail_frames = math.ceil(source_hz * sum(plan.length_s for plan in plans))
        stages = [(plan.lay_out(), plan.is_rows) for plan in plans]
        self._chain = StageChain(stages, max(plans[0].up / plans[0].down, target_hz / source_hz))

    @property
    def chain(self) -> StageChain:
        """For compiled code that resamples on its way; it goes on where `process` ended."""
        return self._chain

    @property
    def delay_frames(self) -> float:
        """Group delay at 1 kHz, in frames of the output's rate."""
        return self._delay_frames

    def process(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take a block (1-D float32, any length); return its worth, to one frame."""
        try:
            resampled: NDArray[np.float32] = self._chain.process(samples)
        except TypeError:  # longer, of another type, or strided
            row = np.ascontiguousarray(samples, np.float32).reshape(-1)
            cuts = range(self._chain.longest, row.size, self._chain.longest)
            resampled = np.concatenate([self._chain.process(piece) for piece in np.split(row, cuts)])
        return resampled

    def flush(self) -> NDArray[np.float32]:
        """Return what the filters still ring with, 2 to 6 ms; call `reset` before the next stream."""
        return self.process(np.zeros(self._tail_frames, np.float32))

    def reset(self) -> None:
        """Forget everything."""
        self._chain.reset()


class PassThrough:
    """Equal rates: blocks go through untouched."""

    chain = None
    delay_frames = 0.0

    def process(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the block itself."""
        return samples

    def flush(self) -> NDArray[np.float32]:
        """Nothing is held back."""
        return np.empty(0, np.float32)

    def reset(self) -> None:
        """Nothing to forget."""


def make_resampler(source_hz: int, target_hz: int, phase: Phase = Phase.MINIMUM) -> Resampler:
    """Return the streaming resampler for a pair of rates.

    Example:
        >>> resampler = make_resampler(24000, 48000)
        >>> resampler.process(np.zeros(480, np.float32)).size
        960
    """
    return PassThrough() if source_hz == target_hz else PolyphaseResampler(source_hz, target_hz, phase)


@functools.lru_cache(maxsize=32)
def _plan(source_hz: int, target_hz: int, phase: Phase) -> tuple[_StagePlan, ...]:
    """The stages from one rate to the other; designing takes 5 to 200 ms.

    Ratios of small numbers, and ratios near one, are one sharp filter. Others go over the multiple of the lower rate
    that is nearest to the higher: a sharp filter between the lower rate and the multiple, and a short one, which only
    has to keep the multiple's images away, between that and the higher rate.
    """
    low_hz, high_hz = min(source_hz, target_hz), max(source_hz, target_hz)
    up, down = _lowest_terms(source_hz, target_hz)
    if max(up, down) <= _SMALL or high_hz / low_hz <= _NEAR_ONE:
        return (_sharp(source_hz, target_hz, phase),)
    multiple_hz = max(2, round(high_hz / low_hz)) * low_hz
    if multiple_hz == high_hz:
        return (_sharp(source_hz, target_hz, phase),)
    if target_hz > source_hz:
        return _sharp(source_hz, multiple_hz, phase), _short(multiple_hz, target_hz, low_hz, phase)
    return _short(source_hz, multiple_hz, low_hz, phase), _sharp(multiple_hz, target_hz, phase)


def _sharp(source_hz: int, target_hz: int, phase: Phase) -> _StagePlan:
    """The filter that passes the lower rate's band and nothing above."""
    up, _ = _lowest_terms(source_hz, target_hz)
    low_hz = min(source_hz, target_hz)
    taps = math.ceil(_SHARP_TAPS * source_hz / low_hz)
    return _design(source_hz, target_hz, taps * up, _CUTOFF * low_hz / 2, _SHARP_DB, phase)


def _short(source_hz: int, target_hz: int, low_hz: int, phase: Phase) -> _StagePlan:
    """The filter that passes the band of `low_hz` and stops its images around the multiple of `low_hz`."""
    up, _ = _lowest_terms(source_hz, target_hz)
    multiple_hz = source_hz if source_hz % low_hz == 0 else target_hz
    # At the band's edge the sharp stage has begun to take away: what is left needs less of this one.
    pass_hz, stop_hz = 0.85 * low_hz / 2, multiple_hz - low_hz / 2
    length = kaiser_length(_SHORT_DB, (stop_hz - pass_hz) / (source_hz * up))
    taps = math.ceil(length / up / UNROLLED) * UNROLLED
    return _design(source_hz, target_hz, taps * up, (pass_hz + stop_hz) / 2, _SHORT_DB, phase)


def _design(
    source_hz: int, target_hz: int, length: int, cutoff_hz: float, attenuation_db: float, phase: Phase
) -> _StagePlan:
    up, down = _lowest_terms(source_hz, target_hz)
    fine_hz = source_hz * up
    prototype = kaiser_lowpass(length, cutoff_hz / fine_hz, attenuation_db)
    if phase is Phase.MINIMUM:
        prototype = minimum_phase(prototype)
    delay = group_delay(prototype, min(_DELAY_SEEN_AT_HZ, cutoff_hz / 2) / fine_hz)
    return _StagePlan(up, down, prototype, delay / fine_hz, length / fine_hz)


def _lowest_terms(source_hz: int, target_hz: int) -> tuple[int, int]:
    common = math.gcd(source_hz, target_hz)
    return target_hz // common, source_hz // common
