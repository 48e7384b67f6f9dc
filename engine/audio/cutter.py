"""The microphone's way from its ring to a block of PCM16, in one compiled call: resampled, amplified, cut to length.

A block is due every 20 ms, and what runs so rarely runs from memory, not from the caches: the same work in nine calls
of Python and numpy took 10 us in a loop, and 110 in an idle session.
"""

from __future__ import annotations

import numpy as np
from numba import carray

from engine.audio import control as c
from engine.audio.memory import aligned_samples, aligned_words
from engine.audio.port import AudioPort
from engine.audio.ring import Ring, ring_get, ring_head, ring_tail
from engine.dsp.atomics import (
    float32_pointer,
    load,
    load_acquire,
    load_float,
    store,
    store_release,
)
from engine.dsp.builtin import builtin_method
from engine.dsp.compiled import inlined
from engine.dsp.kernels.resample import run_resampler
from engine.dsp.pcm16 import float32_to_pcm16_at
from engine.dsp.python_objects import (
    as_integer,
    characters_of,
    new_bytes,
    new_float,
    new_integer,
    nothing,
    refused,
    scratch_words,
    tuple_of,
)
from engine.dsp.resample import make_resampler

_CONTROL, _RING, _RESAMPLER, _FRAMES, _SAMPLES, _READY, _BLOCK, _WIRE_FRAMES, _GAIN = range(9)
_MOST_FRAMES = 4800
"""Frames that are taken out of the ring at a time."""


@inlined()
def _missing_frames(state: int) -> int:
    """How many frames of the microphone the next block still needs; at least one."""
    return max(1, int((load(state, _BLOCK) - load(state, _READY)) * load_float(state, _WIRE_FRAMES)))


@inlined()
def _gather(state: int, most_frames: int) -> int:
    """Move up to so many frames from the ring behind the samples that are ready; return how many there were."""
    ready, resampler = load(state, _READY), load(state, _RESAMPLER)
    behind = load(state, _SAMPLES) + 4 * ready
    source = behind if resampler == 0 else load(state, _FRAMES)
    frames = ring_get(load(state, _RING), source, min(most_frames, _MOST_FRAMES))
    count = frames if resampler == 0 else run_resampler(resampler, source, frames, behind)
    store(state, _READY, ready + count)
    return frames


@inlined()
def _amplify(samples: int, count: int, gain: float) -> None:
    block = carray(float32_pointer(samples), (count,))
    for i in range(count):
        block[i] *= np.float32(gain)


@builtin_method
def _cut(this: int, arguments: int, count: int) -> int:
    if count != 0:
        return refused()
    state = as_integer(this)
    control, ring, block = load(state, _CONTROL), load(state, _RING), load(state, _BLOCK)
    while load(state, _READY) < block:
        missing = _missing_frames(state)
        if _gather(state, missing) == 0:
            store_release(control, c.WAKE_AT_CAPTURED, ring_tail(ring) + missing)
            # What came before the kernel could see that is not signalled.
            if ring_head(ring) - ring_tail(ring) < missing:
                return nothing()
    pcm16 = new_bytes(0, 2 * block)
    if pcm16 == 0:
        return pcm16
    samples, gain = load(state, _SAMPLES), load_float(state, _GAIN)
    if gain != 1.0:
        _amplify(samples, block, gain)
    float32_to_pcm16_at(samples, characters_of(pcm16)[0], block)
    left = load(state, _READY) - block
    rest = carray(float32_pointer(samples), (block + left,))
    for i in range(left):
        rest[i] = rest[block + i]
    store(state, _READY, left)
    newest_ns = load_acquire(control, c.INPUT_LAST_NS)
    waiting_frames = ring_head(ring) - ring_tail(ring) + left * load_float(state, _WIRE_FRAMES)
    parts = scratch_words()
    store(parts, 0, pcm16)
    store(parts, 1, new_integer(newest_ns))
    store(parts, 2, new_float(max(0.0, waiting_frames) / load(control, c.INPUT_RATE_HZ)))
    return tuple_of(parts, 3)


class Cutter:
    """Owns the memory of one microphone's blocks.

    Example:
        >>> cutter = Cutter(port, port.capture, 24000, block_samples=480, gain=1.0)
        >>> cutter.cut()        # None until 20 ms are there; then PCM16, the last callback's time, and how long before
    """

    def __init__(self, port: AudioPort, ring: Ring, wire_rate_hz: int, *, block_samples: int, gain: float) -> None:
        """Lay out the memory; from now on nobody else takes from the ring.

        Args:
            port: Whose input this is; it is asked to wake the loop when a block is complete.
            ring: Its capture ring.
            wire_rate_hz: Rate of the blocks.
            block_samples: Length of a block.
            gain: Linear factor.
        """
        resampler = make_resampler(port.input_rate_hz, wire_rate_hz)
        self._kept = (port, ring, resampler)
        self._frames = aligned_samples(_MOST_FRAMES)
        self._samples = aligned_samples(block_samples + resampler.most_out(_MOST_FRAMES))
        self._words = aligned_words(16)
        state = int(self._words.ctypes.data)
        self._words[_CONTROL], self._words[_RING] = port.control_address, ring.handle
        self._words[_RESAMPLER] = resampler.address
        self._words[_FRAMES], self._words[_SAMPLES] = self._frames.ctypes.data, self._samples.ctypes.data
        self._words[_BLOCK] = block_samples
        numbers = self._words.view(np.float64)
        numbers[_WIRE_FRAMES], numbers[_GAIN] = port.input_rate_hz / wire_rate_hz, gain
        self.cut = _cut(state)
        """Returns a block, the time of the input's last callback in nanoseconds on the clock of `time.monotonic_ns`, 0
        where there is no clock, and how many seconds the block's last frame lies before that; or None."""
