"""The memory that a resampler's compiled loops work on: words and samples of one or two stages, which never move."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.dsp.kernels import resampler_layout as r
from engine.dsp.memory import Pinned, aligned_samples
from engine.dsp.resampler_filters import Bank, Filters, Samples

_MOST_INPUTS = 2 * r.CHUNK + 2
"""Most inputs that a stage is given at a time: the first stage at most doubles the rate."""


@dataclass(frozen=True, slots=True)
class _Stage:
    """The memory of one stage; its words hold the addresses of the rest."""

    words: NDArray[np.int64]
    table: Samples
    buffer: Samples
    scratch: Samples

    def reset(self) -> None:
        """Forget what went through."""
        self.buffer.fill(0.0)
        self.words[r.HELD], self.words[r.GIVEN], self.words[r.PLACE] = self.words[r.WINDOW] - 1, 0, 0


class ResamplerState(Pinned):
    """Owns the memory of a resampler; compiled code knows it by `address`."""

    def __init__(self, filters: Filters, source_frames: int, target_frames: int) -> None:
        """Lay it out, with room for so many frames that Python hands in and gets back.

        Args:
            filters: Taps of both stages, float32.
            source_frames: Most frames that Python hands in at once.
            target_frames: Most frames that come out at once.
        """
        self.source, self.target = np.zeros(source_frames, np.float32), np.zeros(target_frames, np.float32)
        sharp = _sharp_stage(filters.sharp, r.DOUBLES if filters.doubles else r.HALVES)
        self._stages = [sharp] if filters.bank is None else [sharp, _bank_stage(filters.bank, filters.table)]
        if not filters.doubles:
            self._stages.reverse()
        for stage, following in zip(self._stages, self._stages[1:], strict=False):
            stage.words[r.NEXT] = following.words.ctypes.data
        first = self._stages[0].words
        first[r.SOURCE], first[r.TARGET] = self.source.ctypes.data, self.target.ctypes.data
        self.address = int(first.ctypes.data)

    def adjust(self, step: int) -> None:
        """Let the bank go so many units from one output to the next."""
        bank = next(stage for stage in self._stages if stage.words[r.KIND] == r.BANK)
        bank.words[r.STEP] = step

    def reset(self) -> None:
        """Forget what went through."""
        for stage in self._stages:
            stage.reset()


def _sharp_stage(prototype: Samples, kind: int) -> _Stage:
    """Lay out a stage that doubles or halves the rate.

    Args:
        prototype: The filter at the higher of both rates, newest sample first, with unit gain at 0 Hz.
        kind: `DOUBLES` or `HALVES`.
    """
    if kind == r.DOUBLES:
        first, second = 2 * prototype[::2], 2 * prototype[1::2]
    else:
        # The second output is two inputs later than the first.
        first, second = np.append((0, 0), prototype), np.append(prototype, (0, 0))
    length = math.ceil(first.size / (4 * kind)) * 4 * kind
    pair = np.zeros((2, length), np.float32)
    pair[:, : first.size] = first, second
    pair = pair[:, ::-1]
    window = length if kind == r.DOUBLES else length - 2
    # A row of inputs, every fourth when halving, meets one row of taps for each output.
    table = pair.reshape(2, -1, kind).transpose(2, 0, 1)
    taps = table.shape[2]
    pairs = (window + _MOST_INPUTS) // kind + 2 + r.VECTOR
    words = {r.KIND: kind, r.TAPS: taps, r.WINDOW: window}
    return _stage(words, table, kind * (pairs + taps), scratch_samples=2 * pairs + 4 * (pairs + taps))


def _bank_stage(bank: Bank, table: Samples) -> _Stage:
    words = {
        r.KIND: r.BANK,
        r.TAPS: bank.taps,
        r.WINDOW: bank.taps,
        r.PHASES: bank.phases,
        r.SHIFT: bank.shift,
        r.STEP: bank.step,
    }
    return _stage(words, table, bank.taps + _MOST_INPUTS)


def _stage(values: dict[int, int], table: Samples, buffer_samples: int, *, scratch_samples: int = 0) -> _Stage:
    words = np.zeros(r.WORDS, np.int64)
    stage = _Stage(
        words, aligned_samples(table.size), aligned_samples(buffer_samples), aligned_samples(scratch_samples)
    )
    stage.table[:] = table.reshape(-1)
    for word, value in values.items():
        words[word] = value
    for word, memory in ((r.BUFFER, stage.buffer), (r.TABLE, stage.table), (r.SCRATCH, stage.scratch)):
        words[word] = memory.ctypes.data
    stage.reset()
    return stage
