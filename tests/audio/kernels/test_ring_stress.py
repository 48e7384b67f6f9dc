"""The ring and the flush under real threads without the interpreter's lock: 10^8 frames, checksummed."""

from __future__ import annotations

import random
import threading
from typing import Any

import numpy as np
import pytest
from numba import carray, njit, types

from engine.audio.kernels import control as c
from engine.audio.kernels.process import process
from engine.audio.kernels.ring import ring_get, ring_put, ring_tail
from engine.audio.port import audio_port as port_module
from engine.audio.port.audio_port import AudioPort
from engine.audio.port.ring import Ring
from engine.dsp.compile.declare import inlined
from engine.dsp.compile.intrinsics import float32_pointer, load_acquire

TOTAL = 100_000_000
LARGEST = 64
PERIOD = 1 << 20
"""Numbers up to this are exact in float32, and longer than any ring here."""
give_way = types.ExternalFunction("sched_yield", types.int32())
"""On a busy machine, whoever waits for the other side would else wait for its own slice of time to end."""


@inlined()
def next_random(state: Any) -> Any:
    """Xorshift (Marsaglia 2003)."""
    state = np.uint32(state ^ (state << np.uint32(13)))
    state = np.uint32(state ^ (state >> np.uint32(17)))
    return np.uint32(state ^ (state << np.uint32(5)))


@njit("int64(int64, int64, int64, int64)", nogil=True, error_model="numpy")
def produce(ring: int, block: int, total: int, seed: int) -> int:
    """Put the numbers 0, 1, 2, ... in blocks of random length; return their sum."""
    samples = carray(float32_pointer(block), (64,))
    state: Any = np.uint32(seed)
    sent, checksum = 0, 0
    while sent < total:
        state = next_random(state)
        count = min(1 + int(state & np.uint32(63)), total - sent)
        for i in range(count):
            number = (sent + i) & 1048575
            samples[i] = np.float32(number)
            checksum += number
        put = 0
        while put < count:
            now = ring_put(ring, block + 4 * put, count - put)
            put += now
            if now == 0:
                give_way()
        sent += count
    return checksum


@njit("int64(int64, int64, int64, int64)", nogil=True, error_model="numpy")
def consume(ring: int, block: int, total: int, seed: int) -> int:
    """Take them in blocks of random length; return their sum, or -1 where one was not the next."""
    samples = carray(float32_pointer(block), (64,))
    state: Any = np.uint32(seed)
    taken, checksum = 0, 0
    while taken < total:
        state = next_random(state)
        count = ring_get(ring, block, 1 + int(state & np.uint32(63)))
        if count == 0:
            give_way()
        for i in range(count):
            number = (taken + i) & 1048575
            if samples[i] != np.float32(number):
                return -1
            checksum += number
        taken += count
    return checksum


@pytest.mark.timing
@pytest.mark.parametrize("total", [TOTAL // 50, pytest.param(TOTAL // 2, marks=pytest.mark.long)])
@pytest.mark.parametrize("capacity", [64, 100, 256])
def test_every_frame_arrives_once_and_in_order(capacity: int, total: int) -> None:
    ring = Ring(capacity)
    blocks = np.zeros((2, LARGEST), np.float32)
    sums: list[int] = []
    producer = threading.Thread(
        target=lambda: sums.append(produce(ring.handle, blocks[0].ctypes.data, total, 12345)), daemon=True
    )
    producer.start()
    received = consume(ring.handle, blocks[1].ctypes.data, total, 54321)
    producer.join(60)
    assert [received] == sums
    assert ring.head == ring.tail == total


@njit("int64(int64, int64, int64, int64, int64)", nogil=True, error_model="numpy")
def play(control: int, ring: int, output: int, total: int, seed: int) -> int:
    """Render blocks of random length until `total` positions have passed; return how many errors were heard.

    Every sample carries its position, so what is heard must grow by one, but at a cut; a fade only makes it smaller.
    """
    samples = carray(float32_pointer(output), (64,))
    state: Any = np.uint32(seed)
    errors = 0
    while ring_tail(ring) < total:
        state = next_random(state)
        frames = 1 + int(state & np.uint32(63))
        before = ring_tail(ring)
        dropped = load_acquire(control, c.DROPPED_BEFORE)
        process(control, 0, output, frames, 0)
        after = ring_tail(ring)
        if after < before:
            errors += 1
        if after == before:
            give_way()
        if load_acquire(control, c.DROPPED_BEFORE) == dropped:
            # No cut in this block: exactly the positions that passed were heard.
            for i in range(min(after - before, frames)):
                expected = np.float32((before + i) & 1048575)
                if samples[i] != expected and load_acquire(control, c.FADE_TO) == 0:
                    errors += 1
    return errors


@pytest.mark.long
def test_flushes_at_random_moments_lose_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port_module, "PLAYBACK_S", 0.25)
    port = AudioPort()
    port.attach_output(1000, 1)
    ring = port.playback
    assert ring is not None
    assert ring.capacity == 250
    total = TOTAL
    block = np.zeros((2, LARGEST), np.float32)
    producer = threading.Thread(target=lambda: produce(ring.handle, block[0].ctypes.data, total, 777), daemon=True)
    over = threading.Event()
    flushes = 0
    dice = random.Random(1)

    def flush() -> None:
        nonlocal flushes
        while not over.wait(dice.uniform(0, 0.0005)):
            port.drop_before(ring.head)
            flushes += 1

    flusher = threading.Thread(target=flush, daemon=True)
    producer.start()
    flusher.start()
    errors = play(port.control_address, ring.handle, block[1].ctypes.data, total, 999)
    over.set()
    flusher.join(10)
    producer.join(60)
    assert errors == 0
    assert flushes > 100
    assert ring.head == total
