"""A resampler stage of a small ratio, such as 2/1, 1/3 or 3/2: each phase filters the whole block at once.

With the inputs sorted into `down` rows, every tap of a phase stands before consecutive samples of one row, and 64
outputs of a phase are computed together.
"""

from __future__ import annotations

import math

import numpy as np
from numba import carray

from engine.dsp.atomics import copy_bytes, float32_pointer, load, store
from engine.dsp.compiled import c_callback, inlined
from engine.dsp.filter_design import Taps
from engine.dsp.lanes import TILE, filter_tile
from engine.dsp.stage_memory import (
    BUFFER,
    DOWN,
    GIVEN,
    MAX_BLOCK,
    NEXT,
    SCRATCH,
    STAGE_FUNCTION,
    TABLE,
    TAPS,
    UP,
    StageMemory,
    keep_history,
    take_block,
)


@inlined()
def _filter_row(x: int, table: int, taps: int, y: int, count: int, more: int) -> None:
    """y[m] = sum over k of table[k] * x[m + k] for `count` outputs and up to 63 beyond; `more` adds."""
    for m in range(0, count, 64):
        filter_tile(x + 4 * m, table, taps, y + 4 * m, more)


@inlined()
def _sort_into_rows(source: int, rows: int, needed: int, down: int) -> None:
    """rows[r][j] = source[j * down + r]."""
    x = carray(float32_pointer(source), (needed * down,))
    for r in range(down):
        row = carray(float32_pointer(rows + 4 * r * needed), (needed,))
        if down == 2:
            for j in range(needed):
                row[j] = x[2 * j + r]
        else:
            for j in range(needed):
                row[j] = x[down * j + r]


@inlined()
def _interleave(rows: int, target: int, groups: int, up: int) -> None:
    """target[j * up + p] = rows[p][j]."""
    out = carray(float32_pointer(target), (groups * up,))
    if up == 2:
        even = carray(float32_pointer(rows), (groups,))
        odd = carray(float32_pointer(rows + 4 * groups), (groups,))
        for j in range(groups):
            out[2 * j] = even[j]
            out[2 * j + 1] = odd[j]
    else:
        for p in range(up):
            row = carray(float32_pointer(rows + 4 * p * groups), (groups,))
            for j in range(groups):
                out[up * j + p] = row[j]


@inlined()
def _outputs_due(stage: int, frames: int) -> int:
    """How many outputs, from the beginning of the first group, have their newest input within the block."""
    up, down, first = load(stage, UP), load(stage, DOWN), load(stage, NEXT)
    # Output o needs the input at first + floor(o * down / up).
    return max(0, ((frames - first) * up + down - 1) // down)


@c_callback(STAGE_FUNCTION)
def run_rows(stage: int, source: int, frames: int, target: int) -> int:
    """Resample `frames` float32 (at most `MAX_BLOCK`) at the address `source` to `target`; return how many came out.

    A group is `up` outputs of `down` inputs. One that the last block ended in the middle of is computed again, and
    what of it has been given out already is left away.
    """
    up, down, share = load(stage, UP), load(stage, DOWN), load(stage, TAPS)
    take_block(stage, source, frames)
    first, given = load(stage, NEXT), load(stage, GIVEN)
    due = _outputs_due(stage, frames)
    groups = (due + up - 1) // up
    count = due - given
    if count > 0:
        needed = groups + share - 1
        rows = load(stage, BUFFER) + 4 * (down + first)
        scratch = load(stage, SCRATCH)
        if down > 1:
            _sort_into_rows(rows, scratch, needed, down)
            rows = scratch
            scratch += 4 * needed * down
        results = target if up == 1 else scratch
        # What is computed beyond a row is written over by the next one.
        for p in range(up):
            for r in range(down):
                table = load(stage, TABLE) + 4 * (p * down + r) * share
                _filter_row(rows + 4 * r * needed, table, share, results + 4 * p * groups, groups, r)
        if given == 0 and groups * up == due and up > 1:
            _interleave(scratch, target, groups, up)
        elif up > 1:
            whole = scratch + 4 * groups * up
            _interleave(scratch, whole, groups, up)
            copy_bytes(target, whole + 4 * given, 4 * count)
    count = max(count, 0)
    done = given + count
    store(stage, NEXT, first + done // up * down - frames)
    store(stage, GIVEN, done % up)
    keep_history(stage, frames)
    return count


def row_stage(up: int, down: int, prototype: Taps) -> StageMemory:
    """Lay out a stage for `run_rows`.

    Args:
        up: Outputs for each `down` inputs, in lowest terms.
        down: Inputs for each `up` outputs.
        prototype: The low-pass at `up` times the input's rate, a multiple of `up` long.
    """
    taps = len(prototype) // up
    # Row q holds what phase q of the fine grid sees of the past, oldest first: y = sum of row[k] * x[k].
    phases = up * prototype.reshape(taps, up).T[:, ::-1]
    offsets = [p * down // up for p in range(up)]
    share = math.ceil((taps + offsets[-1]) / down)
    windows = np.zeros((up, share * down))
    for p, offset in enumerate(offsets):
        windows[p, offset : offset + taps] = phases[p * down % up]
    groups = MAX_BLOCK // down + 2
    return StageMemory(
        up,
        down,
        share,
        # A group may begin up to `down` - 1 frames before the block.
        history=taps - 1 + down,
        reads_ahead=(share + 2 + TILE) * down,
        table=windows.reshape(up, share, down).transpose(0, 2, 1),
        scratch_frames=(groups + share) * down + 2 * groups * up + TILE,
    )
