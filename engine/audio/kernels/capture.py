"""The microphone's way from its ring to a block of PCM16: resampled, amplified, cut to length.

A block is due every 20 ms, and what runs so rarely runs from memory, not from the caches: the same work in nine calls
from Python took 110 us in an idle session.
"""

from __future__ import annotations

import numpy as np
from numba import carray

from engine.audio.kernels import capture_layout as s
from engine.audio.kernels import control as c
from engine.audio.kernels.ring import ring_get, ring_head, ring_tail
from engine.dsp.compile.declare import inlined, kernel
from engine.dsp.compile.intrinsics import (
    float32_pointer,
    load,
    load_acquire,
    load_float,
    store,
    store_float,
    store_release,
)
from engine.dsp.kernels.pcm16 import float32_to_pcm16
from engine.dsp.kernels.resample import run_resampler


@inlined()
def _missing_frames(state: int) -> int:
    """Frames of the microphone that the next block still needs; at least one."""
    return max(1, int((load(state, s.BLOCK) - load(state, s.READY)) * load_float(state, s.WIRE_FRAMES)))


@inlined()
def _gather(state: int, wanted: int) -> int:
    """Move up to `wanted` frames from the ring behind the samples that are ready; return how many there were."""
    ready, resampler = load(state, s.READY), load(state, s.RESAMPLER)
    behind = load(state, s.SAMPLES) + 4 * ready
    source = behind if resampler == 0 else load(state, s.FRAMES)
    frames = ring_get(load(state, s.RING), source, min(wanted, s.MOST_FRAMES))
    if frames > 0:
        count = frames if resampler == 0 else run_resampler(resampler, source, frames, behind)
        store(state, s.READY, ready + count)
    return frames


@inlined()
def _cut(state: int) -> None:
    """Convert the block at the front of the samples, and move what lies behind it to the front."""
    samples, block = load(state, s.SAMPLES), load(state, s.BLOCK)
    gain = load_float(state, s.GAIN)
    left = load(state, s.READY) - block
    row = carray(float32_pointer(samples), (block + left,))
    if gain != 1.0:
        for i in range(block):
            row[i] *= np.float32(gain)
    float32_to_pcm16(samples, load(state, s.PCM16), block)
    for i in range(left):
        row[i] = row[block + i]
    store(state, s.READY, left)


@kernel("int64(int64)")
def cut_block(state: int) -> int:
    """Cut the next block, if it is complete, to `PCM16`, and note when it came; return 1, else 0.

    Where it is not complete the kernel is asked to wake the loop once it is.

    Args:
        state: Address of the words of `capture_layout`.
    """
    control, ring = load(state, s.CONTROL), load(state, s.RING)
    while load(state, s.READY) < load(state, s.BLOCK):
        missing = _missing_frames(state)
        if _gather(state, missing) == 0:
            store_release(control, c.WAKE_AT_CAPTURED, ring_tail(ring) + missing)
            # Blocks that came before the audio thread saw the request are found here, or signalled with the next one.
            if ring_head(ring) - ring_tail(ring) < missing:
                return 0
    _cut(state)
    store(state, s.NEWEST_NS, load_acquire(control, c.INPUT_LAST_NS))
    waiting = ring_head(ring) - ring_tail(ring) + load(state, s.READY) * load_float(state, s.WIRE_FRAMES)
    store_float(state, s.WAITING_FRAMES, max(0.0, waiting))
    return 1
