"""The lock-free ring of float32 samples between one producer and one consumer.

Positions are counts of samples since the start: 64-bit, never wrapped, so `head - tail` is the fill and a position
names one sample for ever. The producer publishes `head` with release after the samples are in place; the consumer
acquires it before it reads them, and gives room back the same way through `tail`. Nobody else may write either.
Both sides keep a copy of the other's position and read the original only when the copy does not suffice.
"""

from __future__ import annotations

from engine.audio.kernels.ring_layout import CAPACITY, HEAD, SAMPLES, SEEN_HEAD, SEEN_TAIL, TAIL
from engine.dsp.compile.declare import inlined, kernel
from engine.dsp.compile.intrinsics import copy_bytes, load, load_acquire, store, store_release


@inlined()
def room_for(ring: int, wanted: int) -> int:
    """Producer: how many of `wanted` samples fit now."""
    capacity = load(ring, CAPACITY)
    head = load(ring, HEAD)
    room = capacity - (head - load(ring, SEEN_TAIL))
    if room < wanted:
        tail = load_acquire(ring, TAIL)
        store(ring, SEEN_TAIL, tail)
        room = capacity - (head - tail)
    return min(room, wanted)


@inlined()
def ready_for(ring: int, wanted: int) -> int:
    """Consumer: how many of `wanted` samples are there now."""
    tail = load(ring, TAIL)
    ready = load(ring, SEEN_HEAD) - tail
    if ready < wanted:
        head = load_acquire(ring, HEAD)
        store(ring, SEEN_HEAD, head)
        ready = head - tail
    return min(ready, wanted)


@inlined()
def slot_address(ring: int, position: int) -> int:
    """Address of the sample at a position."""
    return load(ring, SAMPLES) + 4 * (position % load(ring, CAPACITY))


@inlined()
def run_length(ring: int, position: int) -> int:
    """Samples from a position to the end of the memory, where the ring wraps."""
    capacity = load(ring, CAPACITY)
    return capacity - position % capacity


@inlined()
def copy_out(ring: int, position: int, target: int, count: int) -> None:
    """Copy `count` samples from a position on, which may lie on both sides of where the ring wraps."""
    first = min(count, run_length(ring, position))
    copy_bytes(target, slot_address(ring, position), 4 * first)
    if first < count:
        copy_bytes(target + 4 * first, load(ring, SAMPLES), 4 * (count - first))


@kernel("int64(int64, int64, int64)")
def ring_put(ring: int, source: int, count: int) -> int:
    """Producer: copy up to `count` float32 from the address `source`; return how many fitted.

    Args:
        ring: Address of the ring's words.
        source: Address of `count` samples, float32.
        count: Number of samples.
    """
    count = room_for(ring, count)
    if count <= 0:
        return 0
    head = load(ring, HEAD)
    first = min(count, run_length(ring, head))
    copy_bytes(slot_address(ring, head), source, 4 * first)
    if first < count:
        copy_bytes(load(ring, SAMPLES), source + 4 * first, 4 * (count - first))
    store_release(ring, HEAD, head + count)
    return count


@kernel("int64(int64, int64, int64)")
def ring_get(ring: int, target: int, count: int) -> int:
    """Consumer: copy up to `count` float32 to the address `target`; return how many there were.

    Args:
        ring: Address of the ring's words.
        target: Address of room for `count` samples, float32.
        count: Most samples to take.
    """
    count = ready_for(ring, count)
    if count <= 0:
        return 0
    tail = load(ring, TAIL)
    copy_out(ring, tail, target, count)
    store_release(ring, TAIL, tail + count)
    return count


@kernel("int64(int64)")
def ring_head(ring: int) -> int:
    """Position after the newest sample."""
    return load_acquire(ring, HEAD)


@kernel("int64(int64)")
def ring_tail(ring: int) -> int:
    """Position of the oldest sample not yet taken."""
    return load_acquire(ring, TAIL)
