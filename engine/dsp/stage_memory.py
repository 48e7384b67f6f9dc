"""The words of one resampler stage that its kernel works on, and the history that stands before each block."""

from __future__ import annotations

import numpy as np
from numba import carray, types
from numpy.typing import NDArray

from engine.dsp.atomics import copy_bytes, float32_pointer, load
from engine.dsp.compiled import inlined

UP, DOWN, TAPS, BUFFER, HISTORY, TABLE, SCRATCH, RUNS, NEXT, PHASE, GIVEN = range(11)
STAGE_WORDS = 16
STAGE_FUNCTION = types.int64(types.int64, types.int64, types.int64, types.int64)
"""Of a stage, the address of a block, its length and the address of room for what comes out; returns how much did.

C functions, called by address: compiled into each of their callers, they would take seconds to compile.
"""
_LINE_BYTES = 64
MAX_BLOCK = 4800
"""Frames a stage takes at a time; longer blocks are cut."""


@inlined()
def take_block(stage: int, source: int, frames: int) -> None:
    """Put a block behind the history."""
    copy_bytes(load(stage, BUFFER) + 4 * load(stage, HISTORY), source, 4 * frames)


@inlined()
def keep_history(stage: int, frames: int) -> None:
    """Move the end of the block to the front, where it is the next block's history."""
    history = load(stage, HISTORY)
    samples = carray(float32_pointer(load(stage, BUFFER)), (history + frames,))
    for k in range(history):
        samples[k] = samples[frames + k]


def _aligned(frames: int) -> NDArray[np.float32]:
    """Zeros that begin at the beginning of a cache line."""
    room = np.zeros(4 * frames + _LINE_BYTES, np.uint8)
    start = -room.ctypes.data % _LINE_BYTES
    return room[start : start + 4 * frames].view(np.float32)


class StageMemory:
    """The memory of one stage, which never moves; its kernel knows it by `handle`."""

    def __init__(
        self,
        up: int,
        down: int,
        taps: int,
        *,
        history: int,
        reads_ahead: int,
        table: NDArray[np.float64],
        scratch_frames: int,
        runs: NDArray[np.int64] | None = None,
    ) -> None:
        """Lay it out.

        Args:
            up: Outputs for each `down` inputs.
            down: Inputs for each `up` outputs.
            taps: As the kernel counts them.
            history: Frames that are kept of the past.
            reads_ahead: How far the kernel reads beyond the block: rows and lanes are computed whole, and what of
                them is not due yet is left away.
            table: Coefficients as the kernel wants them.
            scratch_frames: Room for what the kernel computes on the way.
            runs: The pattern of a run filter.
        """
        # A vector that straddles two cache lines takes two loads.
        self._table = _aligned(table.size)
        self._table[:] = table.reshape(-1)
        self._buffer = np.zeros(history + MAX_BLOCK + reads_ahead, np.float32)
        self._scratch = np.zeros(scratch_frames, np.float32)
        self._words = np.zeros(STAGE_WORDS, np.int64)
        self._runs = np.zeros(1, np.int64) if runs is None else runs
        arrays = (self._table, self._scratch, self._runs)
        self._words[:BUFFER] = (up, down, taps)
        self._words[BUFFER:NEXT] = (self._buffer.ctypes.data, history, *(array.ctypes.data for array in arrays))
        self.handle: int = self._words.ctypes.data

    def reset(self) -> None:
        """Forget what went through."""
        self._buffer.fill(0.0)
        self._words[NEXT:] = 0
