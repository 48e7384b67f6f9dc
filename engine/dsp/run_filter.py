"""A resampler stage of a ratio near one, such as 147/160: outputs are computed in runs over consecutive inputs.

From one output to the next the window mostly moves by one input; now and then by none, or by two. Between two such
places the outputs of a run differ by one input and one phase each, so each tap stands before consecutive inputs, with
a coefficient of its own for every lane of a vector. The pattern of runs repeats after `up` outputs. All 16 lanes are
always computed; what lies beyond the run is written over by the next one.
"""

from __future__ import annotations

import math

import numpy as np

from engine.dsp.atomics import copy_bytes, load, store
from engine.dsp.compiled import c_callback
from engine.dsp.filter_design import Taps
from engine.dsp.lanes import LANES, UNROLLED, filter_lanes
from engine.dsp.stage_memory import (
    BUFFER,
    GIVEN,
    NEXT,
    PHASE,
    RUNS,
    SCRATCH,
    STAGE_FUNCTION,
    TABLE,
    TAPS,
    StageMemory,
    keep_history,
    take_block,
)


@c_callback(STAGE_FUNCTION)
def run_lanes(stage: int, source: int, frames: int, target: int) -> int:
    """Resample `frames` float32 (at most `MAX_BLOCK`) at the address `source` to `target`; return how many came out.

    `target` has room for 16 samples more than come out. A run that the block ends in the middle of is computed again
    with the next block, and what of it has been given out already is left away.
    """
    taps, runs, scratch = load(stage, TAPS), load(stage, RUNS), load(stage, SCRATCH)
    take_block(stage, source, frames)
    windows = load(stage, BUFFER) + 64
    place, run, given = load(stage, NEXT), load(stage, PHASE), load(stage, GIVEN)
    count = 0
    while True:
        length = load(runs, 2 * run)
        due = min(length, frames - place)
        if due <= given:
            break
        table = load(stage, TABLE) + 64 * taps * run
        if given == 0:
            filter_lanes(windows + 4 * place, table, taps, target + 4 * count)
        else:
            filter_lanes(windows + 4 * place, table, taps, scratch)
            copy_bytes(target + 4 * count, scratch + 4 * given, 4 * (due - given))
        count += due - given
        if due < length:
            given = due
            break
        given = 0
        place += load(runs, 2 * run + 1)
        run += 1
        if load(runs, 2 * run) == 0:
            run = 0
    store(stage, NEXT, place - frames)
    store(stage, PHASE, run)
    store(stage, GIVEN, given)
    keep_history(stage, frames)
    return count


def run_stage(up: int, down: int, prototype: Taps) -> StageMemory:
    """Lay out a stage for `run_lanes`.

    Args:
        up: Outputs for each `down` inputs, in lowest terms.
        down: Inputs for each `up` outputs.
        prototype: The low-pass at `up` times the input's rate, a multiple of `up` long.
    """
    taps = len(prototype) // up
    phases = up * prototype.reshape(taps, up).T[:, ::-1]
    padded = math.ceil(taps / UNROLLED) * UNROLLED
    runs = _runs(up, down)
    table = np.zeros((len(runs), padded, LANES))
    output = 0
    for run, (length, _) in enumerate(runs):
        for lane in range(length):
            table[run, padded - taps :, lane] = phases[(output + lane) * down % up]
        output += length
    words = np.zeros(2 * len(runs) + 2, np.int64)
    words[: 2 * len(runs)] = np.array(runs).reshape(-1)
    return StageMemory(
        up,
        down,
        padded,
        # A run may begin up to 15 frames before the block.
        history=padded - 1 + LANES,
        reads_ahead=2 * LANES,
        table=table,
        scratch_frames=LANES,
        runs=words,
    )


def _runs(up: int, down: int) -> list[tuple[int, int]]:
    """The runs of one period: how many outputs, and how far the next run's first input lies ahead."""
    places = [output * down // up for output in range(up + 1)]
    runs: list[tuple[int, int]] = []
    first = 0
    for output in range(1, up + 1):
        within = places[output] == places[output - 1] + 1 and output - first < LANES and output < up
        if not within:
            runs.append((output - first, places[output] - places[first]))
            first = output
    return runs


def mean_run_length(up: int, down: int) -> float:
    """Outputs that one pass over the taps gives: what this stage's speed depends on."""
    return up / len(_runs(up, down))
