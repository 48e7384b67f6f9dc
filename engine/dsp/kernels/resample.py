"""The resampler's loops: a sharp filter that doubles or halves the rate, and a bank of filters for the rest of a ratio.

A stage's buffer holds the samples that are still needed, oldest first, and behind them those that have just come. A
window moves along it; an output is the sum of the samples in the window, each times its tap. `resampler_layout` says
what the words of a stage mean.
"""

from __future__ import annotations

import numpy as np

from engine.dsp.compile.declare import KEEPS_NAN, inlined, kernel
from engine.dsp.compile.intrinsics import copy_bytes, float32_pointer, load, store
from engine.dsp.kernels import resampler_layout as r

_AS_WRITTEN = frozenset({"contract"})
"""Sums in the order in which they are written, so that a stream gives the same bits however it is cut into blocks."""


@inlined(fastmath=_AS_WRITTEN)
def _add_four_taps(samples: int, taps: int, second_taps: int, sums: int, second_sums: int, count: int) -> None:
    """Add four taps of two filters to their sums: the eight weights and all that is summed fit into registers."""
    x, y, z = float32_pointer(samples), float32_pointer(sums), float32_pointer(second_sums)
    a, b = float32_pointer(taps), float32_pointer(second_taps)
    a0, a1, a2, a3 = a[0], a[1], a[2], a[3]
    b0, b1, b2, b3 = b[0], b[1], b[2], b[3]
    for j in range(count):
        x0, x1, x2, x3 = x[j], x[j + 1], x[j + 2], x[j + 3]
        y[j] += (a0 * x0 + a1 * x1) + (a2 * x2 + a3 * x3)
        z[j] += (b0 * x0 + b1 * x1) + (b2 * x2 + b3 * x3)


@inlined()
def _sort_by_four(samples: int, rows: int, length: int) -> None:
    """Deal samples out to four rows, one behind the other."""
    x, first, second = float32_pointer(samples), float32_pointer(rows), float32_pointer(rows + 4 * length)
    third, fourth = float32_pointer(rows + 8 * length), float32_pointer(rows + 12 * length)
    for j in range(length):
        first[j], second[j], third[j], fourth[j] = x[4 * j], x[4 * j + 1], x[4 * j + 2], x[4 * j + 3]


@inlined()
def _end(stage: int) -> int:
    """Return the address behind the samples that a stage holds, where the next ones go."""
    return load(stage, r.BUFFER) + 4 * load(stage, r.HELD)


@inlined()
def _drop(stage: int, frames: int, used: int) -> None:
    """Take so many new frames into what the stage holds, and drop so many of the oldest."""
    samples, held = float32_pointer(load(stage, r.BUFFER)), load(stage, r.HELD) + frames - used
    for k in range(held):
        samples[k] = samples[used + k]
    store(stage, r.HELD, held)


@inlined()
def _run_sharp(stage: int, frames: int, target: int) -> int:
    """Double or halve the rate of what the stage holds and so many new frames; return how many outputs there are.

    Outputs come in pairs, the first from one filter and the second from another: when doubling, a pair for each input,
    and when halving a pair for each four, which are sorted into four rows. Of the last pair only the first output may
    be due; the pair is then computed again with the next frames, and the first is left out.
    """
    rows, taps, given = load(stage, r.KIND), load(stage, r.TAPS), load(stage, r.GIVEN)
    # When halving, the second output needs two inputs more than the first, and the first has zeros for taps there: so
    # there must be numbers.
    unborn = float32_pointer(_end(stage) + 4 * frames)
    unborn[0] = unborn[1] = np.float32(0.0)
    spare = load(stage, r.HELD) + frames - load(stage, r.WINDOW)
    due = spare // rows + (spare - rows // 2) // rows + 2
    pairs = ((due + 1) // 2 + r.VECTOR - 1) // r.VECTOR * r.VECTOR
    sums = load(stage, r.SCRATCH)
    second_sums, rest = sums + 4 * pairs, sums + 8 * pairs
    first, second, both = float32_pointer(sums), float32_pointer(second_sums), float32_pointer(rest)
    for j in range(pairs):
        first[j] = second[j] = np.float32(0.0)
    samples, table = load(stage, r.BUFFER), load(stage, r.TABLE)
    if rows == r.HALVES:
        _sort_by_four(samples, rest, pairs + taps)
        samples = rest
    for _ in range(rows):
        for tap in range(0, 4 * taps, 16):
            _add_four_taps(samples + tap, table + tap, table + 4 * taps + tap, sums, second_sums, pairs)
        samples += 4 * (pairs + taps)
        table += 8 * taps
    for j in range(pairs):
        both[2 * j] = first[j]
        both[2 * j + 1] = second[j]
    copy_bytes(target, rest + 4 * given, 4 * (due - given))
    store(stage, r.GIVEN, due % 2)
    _drop(stage, frames, due // 2 * rows)
    return due - given


@inlined(fastmath=KEEPS_NAN)
def _filtered(samples: int, table: int, taps: int) -> np.float32:
    """Return one output, the sum of so many products."""
    x, weights, total = float32_pointer(samples), float32_pointer(table), np.float32(0.0)
    for k in range(taps):
        total += weights[k] * x[k]
    return total


@inlined(fastmath=KEEPS_NAN)
def _run_bank(stage: int, frames: int, target: int) -> int:
    """Compute an output at every step over what the stage holds and so many new frames; return how many there are.

    Each row of the table is the filter for one place between an input and the next. Outputs between the places of two
    rows lie between what the two rows give.
    """
    # The compiler makes more of a number of taps that it knows to be a multiple.
    taps, shift, place = load(stage, r.TAPS) // r.VECTOR * r.VECTOR, load(stage, r.SHIFT), load(stage, r.PLACE)
    one_input = load(stage, r.PHASES) << shift
    step_inputs, step = load(stage, r.STEP) // one_input, load(stage, r.STEP) % one_input
    beside_row, scale = (1 << shift) - 1, np.float32(1.0 / (1 << shift))
    buffer, table, out = load(stage, r.BUFFER), load(stage, r.TABLE), float32_pointer(target)
    window, last = buffer, buffer + 4 * (load(stage, r.HELD) + frames - taps)
    count = 0
    while window <= last:
        row = table + 4 * taps * (place >> shift)
        output = _filtered(window, row, taps)
        if shift > 0:
            output += np.float32(place & beside_row) * scale * (_filtered(window, row + 4 * taps, taps) - output)
        out[count] = output
        count += 1
        window += 4 * step_inputs
        place += step
        if place >= one_input:
            place -= one_input
            window += 4
    store(stage, r.PLACE, place)
    _drop(stage, frames, (window - buffer) // 4)
    return count


@inlined()
def run_resampler(state: int, source: int, frames: int, target: int) -> int:
    """Resample float32 at the address `source` to `target`; return how many came out.

    Args:
        state: `Resampler.address`.
        source: Address of any number of samples.
        frames: That number.
        target: Address of room for `Resampler.most_out(frames)` samples.
    """
    made = 0
    for begin in range(0, frames, r.CHUNK):
        count = min(r.CHUNK, frames - begin)
        copy_bytes(_end(state), source + 4 * begin, 4 * count)
        stage = state
        while stage != 0:
            following = load(stage, r.NEXT)
            goal = target + 4 * made if following == 0 else _end(following)
            count = _run_bank(stage, count, goal) if load(stage, r.KIND) == r.BANK else _run_sharp(stage, count, goal)
            stage = following
        made += count
    return made


@kernel("int64(int64, int64)")
def resample(state: int, frames: int) -> int:
    """Resample so many frames of the memory that the state names, for Python: each argument more costs it 0.2 us.

    Args:
        state: `Resampler.address`.
        frames: Number of float32 samples at the address in `SOURCE`; the outputs go to that in `TARGET`.
    """
    return run_resampler(state, load(state, r.SOURCE), frames, load(state, r.TARGET))
