"""Fades: out where an answer is cut, and around a gap in one, so that neither clicks.

At a cut, the frames before it are weighted. Where an answer runs dry, the kernel learns of it when its last frame is
already gone: what it can still fade is the level at which the sound broke off. That level is held and falls to zero
over the port's fade; no frame of the answer is lost to it, and none is counted twice. What follows fades in.
"""

from __future__ import annotations

import numpy as np
from numba import carray

from engine.audio.kernels import control as c
from engine.dsp.compile.declare import inlined
from engine.dsp.compile.intrinsics import float32_pointer, load, load_acquire, load_float, store, store_float


@inlined()
def fade_out_to_cut(control: int, target: int, count: int, position: int) -> None:
    """Weight frames from the ring, about to be played, by the fade that leads to a cut, if one is under way.

    Args:
        control: Address of the control block.
        target: Address of the frames, mono float32, weighted in place.
        count: Number of frames.
        position: Position of the first of them.
    """
    fade_to = load(control, c.FADE_TO)
    if fade_to > 0:
        output = carray(float32_pointer(target), (count,))
        slope = np.float32(1.0) / np.float32(max(fade_to - load(control, c.FADE_FROM), 1))
        for i in range(count):
            output[i] *= np.float32(fade_to - position - i) * slope


@inlined()
def fade_in_after_gap(control: int, target: int, count: int) -> None:
    """Weight `count` frames from the ring, about to be played, if they are among the first after a gap.

    Args:
        control: Address of the control block.
        target: Address of the frames, mono float32, weighted in place.
        count: Number of frames.
    """
    left = load(control, c.RISE_LEFT)
    if left > 0:
        sound = carray(float32_pointer(target), (count,))
        fade = load(control, c.FADE_FRAMES)
        slope = np.float32(1.0) / np.float32(max(fade, 1))
        for i in range(min(left, count)):
            sound[i] *= np.float32(fade - left + i) * slope
        store(control, c.RISE_LEFT, max(0, left - count))


@inlined()
def fade_out_into_gap(control: int, output: int, sounding: int, frames: int) -> None:
    """Let what broke off die away; where the block's sound breaks off, begin with it.

    Args:
        control: Address of the control block; `SOUNDING` and `STARVING` are still those of the block before.
        output: The block, mono, zero behind its sound.
        sounding: Frames of the block that came from the ring.
        frames: Length of the block.
    """
    block = carray(float32_pointer(output), (frames,))
    fade = load(control, c.FADE_FRAMES)
    slope = np.float32(1.0) / np.float32(max(fade, 1))
    left = load(control, c.FALL_LEFT)
    level = np.float32(load_float(control, c.FALL_LEVEL))
    for i in range(min(left, frames)):
        block[i] += np.float32(left - 1 - i) * slope * level
    left = max(0, left - frames)
    if sounding < frames and load_acquire(control, c.EXPECTING) == 0:
        store(control, c.RISE_LEFT, 0)
    elif sounding < frames and (sounding > 0 or load(control, c.SOUNDING) != 0):
        level = block[sounding - 1] if sounding > 0 else np.float32(load_float(control, c.LAST_LEVEL))
        for i in range(sounding, frames):
            block[i] = np.float32(max(0, fade - 1 - (i - sounding))) * slope * level
        left = max(0, fade - (frames - sounding))
        store_float(control, c.FALL_LEVEL, level)
        store(control, c.RISE_LEFT, fade)
    store(control, c.FALL_LEFT, left)
    if frames > 0:
        store_float(control, c.LAST_LEVEL, block[frames - 1])
