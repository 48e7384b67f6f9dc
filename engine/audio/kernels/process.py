"""The real-time kernel: moves one block between a device and the rings. No lock, no allocation, no Python, no wait.

`process` is the only compiled code that runs on an audio thread. It is entered by PortAudio through a C callback, by
a pump thread, or by the virtual backend's clock; input and output may come in one call or from two threads, since the
two halves share nothing but words that are only read.
"""

from __future__ import annotations

import math

import numpy as np
from numba import carray

from engine.audio.kernels import control as c
from engine.audio.kernels.fades import fade_in_after_gap, fade_out_into_gap, fade_out_to_cut
from engine.audio.kernels.ring import copy_out, ready_for, ring_put, room_for, run_length, slot_address
from engine.audio.kernels.ring_layout import HEAD, SAMPLES, TAIL
from engine.dsp.compile.declare import inlined, kernel
from engine.dsp.compile.intrinsics import (
    float32_pointer,
    load,
    load_acquire,
    load_float,
    monotonic_ns,
    signal_descriptor,
    store,
    store_float,
    store_release,
)
from engine.dsp.kernels.levels import downmix, peak_of, ramp, spread

_INPUT_UNDERFLOW, _INPUT_OVERFLOW, _OUTPUT_UNDERFLOW, _OUTPUT_OVERFLOW = 1, 2, 4, 8
"""PortAudio's PaStreamCallbackFlags."""


@inlined()
def _wake(control: int, descriptor_word: int) -> None:
    descriptor = load_acquire(control, descriptor_word)
    if descriptor >= 0:
        signal_descriptor(descriptor)


@inlined()
def _note_call(control: int, last_ns_word: int, ahead_word: int, block_ns: int) -> None:
    """Note when a block came, and how far sound has run ahead of a clock that goes twice as fast."""
    now_ns, last_ns = monotonic_ns(), load(control, last_ns_word)
    if last_ns > 0:
        store(control, ahead_word, max(0, load(control, ahead_word) + block_ns - 2 * (now_ns - last_ns)))
    store_release(control, last_ns_word, now_ns)


@inlined()
def capture(control: int, source: int, frames: int, flags: int) -> None:
    """Put a block of the microphone into the capture ring, as mono, and meter it.

    Args:
        control: Address of the port's control block.
        source: Address of `frames` interleaved float32 frames of the microphone.
        frames: Length of the block; what finds no room in the ring is counted as overflow.
        flags: PaStreamCallbackFlags.
    """
    ring = load(control, c.CAPTURE_RING)
    channels = load(control, c.INPUT_CHANNELS)
    head = load(ring, HEAD)
    count = room_for(ring, frames)
    first = min(count, run_length(ring, head))
    energy = downmix(slot_address(ring, head), source, first, channels)
    peak = peak_of(slot_address(ring, head), first)
    if first < count:
        rest = count - first
        energy += downmix(load(ring, SAMPLES), source + 4 * first * channels, rest, channels)
        peak = max(peak, peak_of(load(ring, SAMPLES), rest))
    if count > 0:
        store_float(control, c.INPUT_PEAK, peak)
        store_float(control, c.INPUT_RMS, math.sqrt(energy / count))
    if peak > 0.0:
        store(control, c.INPUT_HEARD, 1)
    store(control, c.INPUT_CALLS, load(control, c.INPUT_CALLS) + 1)
    store(control, c.INPUT_FRAMES, load(control, c.INPUT_FRAMES) + frames)
    store(control, c.INPUT_OVERFLOW_FRAMES, load(control, c.INPUT_OVERFLOW_FRAMES) + frames - count)
    if flags & (_INPUT_UNDERFLOW | _INPUT_OVERFLOW):
        store(control, c.INPUT_XRUNS, load(control, c.INPUT_XRUNS) + 1)
    _note_call(control, c.INPUT_LAST_NS, c.INPUT_AHEAD_NS, frames * 1_000_000_000 // load(control, c.INPUT_RATE_HZ))
    store_release(ring, HEAD, head + count)
    # Python may ask to be woken just after this look; the next block then finds the position passed.
    if head + count >= load_acquire(control, c.WAKE_AT_CAPTURED):
        _wake(control, c.CAPTURE_DESCRIPTOR)


@inlined()
def _copy_faded(control: int, target: int, count: int) -> None:
    """Copy `count` samples from the ring's tail to `target`, weighted by the fades that are under way, if any."""
    ring = load(control, c.PLAYBACK_RING)
    tail = load(ring, TAIL)
    copy_out(ring, tail, target, count)
    fade_out_to_cut(control, target, count, tail)
    fade_in_after_gap(control, target, count)


@inlined()
def _note_cut(control: int, asked: int, cut_at: int) -> None:
    """Drop what lies before `asked`, having played up to `cut_at`, and tell Python."""
    ring = load(control, c.PLAYBACK_RING)
    cuts = load(control, c.CUTS)
    entry = c.CUT_LOG + c.CUT_LOG_WORDS * (cuts % c.CUT_LOG_ENTRIES)
    store_release(control, entry, asked)
    store_release(control, entry + 1, cut_at)
    store_release(control, entry + 2, monotonic_ns())
    store(control, c.FADE_TO, 0)
    store(control, c.RISE_LEFT, 0)
    store_release(ring, TAIL, max(asked, cut_at))
    store_release(control, c.DROPPED_BEFORE, asked)
    store_release(control, c.CUTS, cuts + 1)
    _wake(control, c.WAKE_DESCRIPTOR)


@inlined()
def _play_until_cut(control: int, target: int, frames: int) -> int:
    """Carry out a request to drop: fade what sounds, then jump. Returns how many frames of the block that took.

    The fade may span several short blocks; where it starts is decided once, when the request is first seen. An answer
    that has not begun to sound is dropped whole: fading would make its first milliseconds heard.
    """
    asked = load_acquire(control, c.DROP_BEFORE)
    if asked <= load(control, c.DROPPED_BEFORE):
        return 0
    ring = load(control, c.PLAYBACK_RING)
    tail = load(ring, TAIL)
    if load(control, c.FADE_TO) == 0 and tail < asked and load(control, c.SOUNDING) != 0:
        store(control, c.FADE_FROM, tail)
        store(control, c.FADE_TO, min(tail + load(control, c.FADE_FRAMES), asked))
    fade_to = max(load(control, c.FADE_TO), tail)
    count = ready_for(ring, min(frames, fade_to - tail))
    if count > 0:
        _copy_faded(control, target, count)
        store_release(ring, TAIL, tail + count)
    if tail + count >= fade_to:
        _note_cut(control, asked, tail + count)
    return count


@inlined()
def _scale_and_spread(control: int, output: int, frames: int) -> None:
    """Apply the gain, ramped over the block or over as many as its slope takes, and spread the mono block."""
    gain_from, most = load_float(control, c.GAIN_NOW), load_float(control, c.GAIN_SLOPE) * frames
    gain_to = min(max(load_float(control, c.GAIN), gain_from - most), gain_from + most)
    ramp(output, frames, gain_from, gain_to)
    store_float(control, c.GAIN_NOW, gain_to)
    store_float(control, c.OUTPUT_PEAK, peak_of(output, frames))
    reference = load(control, c.REFERENCE_RING)
    if reference != 0:
        lost = frames - ring_put(reference, output, frames)
        store(control, c.REFERENCE_OVERFLOW_FRAMES, load(control, c.REFERENCE_OVERFLOW_FRAMES) + lost)
    channels = load(control, c.OUTPUT_CHANNELS)
    if channels > 1:
        spread(output, frames, channels)


@inlined()
def _count_underrun(control: int, missing: int) -> None:
    """Count frames that were due in the middle of an answer; the silence between answers is nobody's loss."""
    if missing > 0 and load_acquire(control, c.EXPECTING) != 0:
        store(control, c.OUTPUT_UNDERRUN_FRAMES, load(control, c.OUTPUT_UNDERRUN_FRAMES) + missing)
        if load(control, c.STARVING) == 0:
            store(control, c.UNDERRUNS, load(control, c.UNDERRUNS) + 1)
        store(control, c.STARVING, 1)
    else:
        store(control, c.STARVING, 0)


@inlined()
def render(control: int, output: int, frames: int, flags: int) -> None:
    """Fill a block of the speaker from the playback ring: cut, copy, gain, reference, upmix.

    Args:
        control: Address of the port's control block.
        output: Address of room for `frames` interleaved float32 frames.
        frames: Length of the block.
        flags: PaStreamCallbackFlags.
    """
    ring = load(control, c.PLAYBACK_RING)
    done = _play_until_cut(control, output, frames)
    count = 0
    if load(control, c.FADE_TO) == 0:
        count = ready_for(ring, frames - done)
        if count > 0:
            _copy_faded(control, output + 4 * done, count)
            store_release(ring, TAIL, load(ring, TAIL) + count)
    silent = carray(float32_pointer(output), (frames,))
    for i in range(done + count, frames):
        silent[i] = np.float32(0.0)
    fade_out_into_gap(control, output, done + count, frames)
    store(control, c.SOUNDING, 1 if done + count == frames else 0)
    _count_underrun(control, frames - done - count)
    _scale_and_spread(control, output, frames)
    store(control, c.OUTPUT_CALLS, load(control, c.OUTPUT_CALLS) + 1)
    store(control, c.OUTPUT_FRAMES, load(control, c.OUTPUT_FRAMES) + frames)
    if flags & (_OUTPUT_UNDERFLOW | _OUTPUT_OVERFLOW):
        store(control, c.OUTPUT_XRUNS, load(control, c.OUTPUT_XRUNS) + 1)
    _note_call(control, c.OUTPUT_LAST_NS, c.OUTPUT_AHEAD_NS, frames * 1_000_000_000 // load(control, c.OUTPUT_RATE_HZ))
    if load(ring, TAIL) >= load_acquire(control, c.WAKE_AT_PLAYED):
        _wake(control, c.WAKE_DESCRIPTOR)


@kernel("void(int64, int64, int64, int64, int64)")
def process(control: int, source: int, output: int, frames: int, flags: int) -> None:
    """Move one block between a device and the rings of the control block at address `control`.

    Args:
        control: Address of the port's control block.
        source: Address of `frames` interleaved float32 frames of the microphone; 0 for none.
        output: Address of room for `frames` interleaved float32 frames for the speaker; 0 for none.
        frames: Length of the block.
        flags: PaStreamCallbackFlags.
    """
    if source != 0 and load(control, c.CAPTURE_RING) != 0:
        capture(control, source, frames, flags)
    if output != 0 and load(control, c.PLAYBACK_RING) != 0:
        render(control, output, frames, flags)


@kernel("void(int64)")
def finish(control: int) -> None:
    """Note that a stream has ended, and wake Python."""
    store_release(control, c.FINISHED, 1)
    _wake(control, c.WAKE_DESCRIPTOR)


@kernel("int64(int64, int64)")
def read_cuts(control: int, target: int) -> int:
    """Copy the newest cuts of the log, oldest first, to `target`; return how many.

    The entry that the audio thread writes next is left out, and all is read again where it has gone on meanwhile.

    Args:
        control: Address of the port's control block.
        target: Address of room for `CUTS_KEPT` rows of `CUT_LOG_WORDS` int64: asked, cut at, when in ns.
    """
    while True:
        count = load_acquire(control, c.CUTS)
        first = max(0, count - c.CUTS_KEPT)
        for number in range(first, count):
            for word in range(c.CUT_LOG_WORDS):
                entry = c.CUT_LOG + c.CUT_LOG_WORDS * (number % c.CUT_LOG_ENTRIES) + word
                store(target, c.CUT_LOG_WORDS * (number - first) + word, load_acquire(control, entry))
        if load_acquire(control, c.CUTS) == count:
            return count - first


@kernel("void(int64, int64, int64)")
def write_word(control: int, word: int, value: int) -> None:
    """Release a word of a control block.

    Args:
        control: Address of the control block.
        word: Index of a word of 8 bytes (`engine.audio.kernels.control`).
        value: An int64.
    """
    store_release(control, word, value)


@kernel("int64(int64, int64)")
def read_word(control: int, word: int) -> int:
    """Acquire a word of a control block."""
    return load_acquire(control, word)
