"""A resampler as one compiled call: its one or two stages, the second behind the first."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from engine.dsp.atomics import copy_bytes, load
from engine.dsp.builtin import builtin_method
from engine.dsp.compiled import inlined
from engine.dsp.lanes import TILE
from engine.dsp.python_objects import (
    as_integer,
    data_of,
    is_float32_row,
    length_of,
    new_float32_row,
    refused,
)
from engine.dsp.row_filter import run_rows
from engine.dsp.run_filter import run_lanes
from engine.dsp.stage_memory import MAX_BLOCK, StageMemory

_FIRST, _RUN_FIRST, _SECOND, _RUN_SECOND, _MIDDLE, _RESULT, _LONGEST = range(7)
MOST_OUT = MAX_BLOCK + TILE
"""Samples for which the target of `run_chain` must have room."""


@intrinsic
def _call_at(typing_context: Any, address: Any, stage: Any, source: Any, frames: Any, target: Any) -> Any:
    """Call the function of a stage, see `STAGE_FUNCTION`."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        word = ir.IntType(64)
        function = builder.inttoptr(args[0], ir.FunctionType(word, [word] * 4).as_pointer())
        return builder.call(function, args[1:])

    return types.int64(*[types.int64] * 5), generate


@inlined()
def longest_block(chain: int) -> int:
    """How many frames `run_chain` takes at most."""
    return load(chain, _LONGEST)


@inlined()
def run_chain(chain: int, source: int, frames: int, target: int) -> int:
    """Resample float32 at the address `source` to `target`; return how many came out."""
    second = load(chain, _SECOND)
    first_target = target if second == 0 else load(chain, _MIDDLE)
    count = _call_at(load(chain, _RUN_FIRST), load(chain, _FIRST), source, frames, first_target)
    return count if second == 0 else _call_at(load(chain, _RUN_SECOND), second, first_target, count, target)


@builtin_method
def _resample(chain: int, arguments: int, count: int) -> int:
    if count != 1:
        return refused()
    samples, words = load(arguments, 0), as_integer(chain)
    if not is_float32_row(samples) or length_of(samples, 0) > longest_block(words):
        return refused()
    given = run_chain(words, data_of(samples), length_of(samples, 0), load(words, _RESULT))
    result = new_float32_row(given)
    if result != 0:
        copy_bytes(data_of(result), load(words, _RESULT), 4 * given)
    return result


class StageChain:
    """The memory of a resampler's stages, which never moves; compiled code knows it by `handle`."""

    def __init__(self, stages: list[tuple[StageMemory, bool]], most_for_one: float) -> None:
        """Lay it out.

        Args:
            stages: One or two, each with whether it is one of rows.
            most_for_one: How many samples there are for one that goes in, where they are most: behind the first stage,
                or behind the second where that raises the rate too.
        """
        # A block is cut so that no stage gets, and the last does not give, more than there is room for.
        self.longest = int((MAX_BLOCK - TILE) / max(1.0, most_for_one))
        self._stages = [stage for stage, _ in stages]
        self._middle, self._result = (np.empty(MOST_OUT, np.float32) for _ in range(2))
        self._words = np.zeros(8, np.int64)
        for place, (stage, is_rows) in zip((_FIRST, _SECOND), stages, strict=False):
            self._words[place : place + 2] = stage.handle, (run_rows if is_rows else run_lanes).address
        self._words[_MIDDLE], self._words[_RESULT] = self._middle.ctypes.data, self._result.ctypes.data
        self._words[_LONGEST] = self.longest
        self.handle = int(self._words.ctypes.data)
        self.process = _resample(self.handle)
        """Takes a block of up to `longest` float32, returns its worth; TypeError for anything else."""

    def reset(self) -> None:
        """Forget what went through."""
        for stage in self._stages:
            stage.reset()
