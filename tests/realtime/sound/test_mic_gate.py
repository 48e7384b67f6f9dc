"""What of the microphone is sent: to the sample, whatever comes between the blocks."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
from hypothesis import given
from numpy.typing import NDArray

from engine.audio.capture import MicBlock
from engine.realtime.sound.mic_gate import MicGate

RATE_HZ = 1000
BLOCK = 20
"""Samples; 20 ms."""


def blocks(count: int) -> list[MicBlock]:
    """Blocks in which every sample says when it was taken, in milliseconds and counted from one."""
    samples = np.arange(1, count * BLOCK + 1, dtype="<i2").reshape(count, BLOCK)
    return [MicBlock(row.tobytes(), (index + 1) * BLOCK / RATE_HZ) for index, row in enumerate(samples)]


def sent(mic_gate: MicGate, taken: list[MicBlock]) -> NDArray[np.int16]:
    """What goes to the server of these blocks."""
    passed = [part.pcm16 for block in taken if (part := mic_gate.take(block)) is not None]
    return np.frombuffer(b"".join(passed), "<i2")


def test_all_of_it_is_sent_where_the_server_listens() -> None:
    mic_gate = MicGate(RATE_HZ)
    taken = blocks(3)
    assert [mic_gate.take(block) for block in taken] == taken
    assert not mic_gate.press(0.01)
    assert mic_gate.turn_over(1.0) is None


def test_nothing_at_all_is_sent_of_one_that_does_not_listen() -> None:
    for by_key in (False, True):
        mic_gate = MicGate(RATE_HZ, by_key=by_key, listens=False)
        assert not mic_gate.press(0.01)
        mic_gate.mute(False, 0.02)
        assert sent(mic_gate, blocks(3)).size == 0


def test_muted_it_is_silence_at_the_same_pace_and_not_a_sample_of_what_was_said() -> None:
    mic_gate = MicGate(RATE_HZ)
    mic_gate.mute(True, 0.025)
    mic_gate.mute(False, 0.071)
    heard = sent(mic_gate, blocks(5))
    expected = np.arange(1, 101)
    expected[25:71] = 0
    assert heard.tolist() == expected.tolist()


def test_only_what_is_said_with_the_key_held_is_sent_and_its_length_told_once() -> None:
    mic_gate = MicGate(RATE_HZ, by_key=True)
    taken = blocks(10)
    assert sent(mic_gate, taken[:2]).size == 0
    assert mic_gate.press(0.045)
    assert not mic_gate.press(0.046)
    assert sent(mic_gate, taken[2:5]).tolist() == list(range(46, 101))
    mic_gate.release(0.113)
    assert mic_gate.turn_over(0.113) is None
    assert sent(mic_gate, taken[5:7]).tolist() == list(range(101, 114))
    assert mic_gate.turn_over(0.14) == 68
    assert mic_gate.turn_over(0.14) is None


def test_a_key_pressed_again_before_the_end_was_taken_goes_on_with_the_turn() -> None:
    mic_gate = MicGate(RATE_HZ, by_key=True)
    assert mic_gate.press(0.0)
    mic_gate.release(0.005)
    assert not mic_gate.press(0.012)
    assert mic_gate.turn_over(0.02) is None
    assert sent(mic_gate, blocks(1)).tolist() == [1, 2, 3, 4, 5, *range(13, 21)]
    mic_gate.release(0.02)
    assert sent(mic_gate, blocks(2)[1:]).size == 0
    assert mic_gate.turn_over(0.04) == 13


def test_without_a_microphone_the_turn_ends_all_the_same() -> None:
    mic_gate = MicGate(RATE_HZ, by_key=True)
    mic_gate.press(0.0)
    mic_gate.release(1.0)
    assert mic_gate.turn_over(1.1) is None
    assert mic_gate.turn_over(1.4) == 0
    assert sent(mic_gate, blocks(1)).size == 0


def test_muted_while_the_key_is_held_nothing_more_is_sent() -> None:
    mic_gate = MicGate(RATE_HZ, by_key=True)
    mic_gate.press(0.0)
    mic_gate.mute(True, 0.01)
    mic_gate.release(0.03)
    assert sent(mic_gate, blocks(2)).tolist() == list(range(1, 11))
    assert mic_gate.turn_over(0.04) == 10


@given(st.lists(st.integers(0, 200), max_size=12).map(sorted), st.booleans())
def test_any_times_of_a_switch_cut_exactly_there(times_ms: list[int], by_key: bool) -> None:
    mic_gate = MicGate(RATE_HZ, by_key=by_key)
    is_open = np.full(200, not by_key)
    for index, time_ms in enumerate(times_ms):
        opens = (index % 2 == 0) == by_key
        if by_key and opens:
            mic_gate.press(time_ms / 1000)
        elif by_key:
            mic_gate.release(time_ms / 1000)
        else:
            mic_gate.mute(not opens, time_ms / 1000)
        is_open[time_ms:] = opens
    samples = np.arange(1, 201)
    expected = samples[is_open] if by_key else samples * is_open
    assert sent(mic_gate, blocks(10)).tolist() == expected.tolist()
