"""The player and what servers may send at the extreme: bytes one by one, nothing at all, half an hour at once."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from engine.audio.kernels import control as c
from engine.audio.playback.player import Player
from engine.audio.playback.segments import Heard, ItemKey
from engine.audio.port.audio_port import FADE_MS, AudioPort
from engine.dsp.compile.library import library

RATE_HZ = 24000
FIRST, SECOND = ItemKey("item_1", 0), ItemKey("item_2", 0)


def make() -> tuple[AudioPort, Player]:
    port = AudioPort()
    port.attach_output(RATE_HZ, 1)
    return port, Player(port, RATE_HZ)


def pull(port: AudioPort, player: Player, seconds: float) -> None:
    block = np.empty((RATE_HZ // 10, 1), np.float32)
    for _ in range(round(seconds * 10)):
        port.process(None, block)
        player.service()


def test_bytes_one_by_one_take_the_room_of_their_audio() -> None:
    port, player = make()
    pull(port, player, 0.1)
    audio = bytes(2 * RATE_HZ * 5)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for at in range(len(audio)):
        player.write(FIRST, audio[at : at + 1])
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    # Kept in case the device is lost: as many objects as bytes would be sixty times as much.
    assert taken <= 2 * len(audio)
    assert player.end_item(FIRST) == 0
    pull(port, player, 6.0)
    assert player.drained
    assert port.stats().played_position == 5 * RATE_HZ


def test_empty_deltas_are_nothing() -> None:
    port, player = make()
    for _ in range(100):
        player.write(FIRST, b"")
    player.write(FIRST, b"\x01")
    player.write(FIRST, b"")
    player.write(FIRST, bytes(2 * RATE_HZ - 1))
    player.write(FIRST, b"")
    assert player.end_item(FIRST) == 0
    player.write(SECOND, b"")
    assert player.end_item(SECOND) == 0
    pull(port, player, 0.5)
    player.stop()
    pull(port, player, 0.1)
    cut = player.take_cut()
    assert cut is not None
    assert cut.heard == (Heard(FIRST, 500 + int(FADE_MS), 1000),)


def test_odd_byte_counts_are_samples_in_the_end_and_count_as_such() -> None:
    port, player = make()
    audio = np.arange(-6000, 6000, dtype=np.int16).tobytes()
    dice = np.random.default_rng(3)
    at = 0
    while at < len(audio):
        count = int(dice.integers(0, 1500))
        player.write(FIRST, memoryview(audio)[at : at + count])
        at += count
    player.stop()
    pull(port, player, 0.1)
    cut = player.take_cut()
    assert cut is not None
    assert [heard.received_ms for heard in cut.heard] == [500]


def test_half_an_hour_at_once_is_cut_to_the_millisecond_near_its_end() -> None:
    port, player = make()
    minute = bytes(2 * RATE_HZ * 60)
    for _ in range(30):
        player.write(FIRST, minute)
    assert player.dropped_frames == 0
    player.write(FIRST, minute * 2)
    # The ring took 40 s; more than half an hour waits, and no more is kept.
    assert 0 < player.dropped_frames <= 120 * RATE_HZ
    pull(port, player, 29 * 60 + 59)
    player.stop()
    pull(port, player, 0.1)
    cut = player.take_cut()
    assert cut is not None
    assert [heard.heard_ms for heard in cut.heard] == [1_799_000 + FADE_MS]


def test_what_was_heard_is_let_go() -> None:
    port, player = make()
    minute = bytes(2 * RATE_HZ * 60)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(10):
        player.write(FIRST, bytes(minute))
        pull(port, player, 60.0)
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert taken <= 2 * len(minute)


def test_a_cut_that_is_half_written_is_not_read() -> None:
    """The log has a place for the cut that the kernel writes next; there the kernel stands still, between two words."""
    port, player = make()
    for number in range(9):
        key = ItemKey(f"item_{number}", 0)
        player.write(key, bytes(2 * RATE_HZ))
        player.end_item(key)
        pull(port, player, 0.5)
        if number == 8:
            assert port.playback is not None
            entry = c.CUT_LOG + c.CUT_LOG_WORDS * (number % c.CUT_LOG_ENTRIES)
            library().write_word(port.control_address, entry, port.playback.head)
        player.stop()
        if number == 8:
            assert player.take_cut() is None
        pull(port, player, 0.1)
        cut = player.take_cut()
        assert cut is not None
        assert [heard.key for heard in cut.heard] == [key]
        assert abs(cut.heard[0].heard_ms - 500) <= FADE_MS


@pytest.mark.parametrize(("wire_hz", "device_hz"), [(24000, 48000), (44100, 48000)])
def test_a_long_delta_is_moved_a_second_at_a_time(wire_hz: int, device_hz: int) -> None:
    """Counted, not timed: whatever came at once, the loop gets its turn after a second of it."""
    port = AudioPort()
    port.attach_output(device_hz, 1)
    player = Player(port, wire_hz)
    assert port.playback is not None
    player.write(FIRST, bytes(2 * wire_hz * 38))
    heads = [port.playback.head]
    player.end_item(FIRST)
    block = np.empty((device_hz // 100, 1), np.float32)
    for _ in range(40):
        port.process(None, block)
        player.service()
        heads.append(port.playback.head)
    assert max(np.diff([0, *heads])) <= 2.1 * device_hz  # a write and an end may come in one turn
    assert heads[-1] == port.playback.capacity + port.playback.tail
