"""The player: nothing lost, nothing late after a stop, and what was heard to the millisecond."""

from __future__ import annotations

import time

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray

from engine.audio.playback.player import Player
from engine.audio.playback.segments import Cut, Heard, ItemKey
from engine.audio.port.audio_port import FADE_MS, AudioPort
from tests.support.hearing import end_in

RATE_HZ = 24000
FIRST = ItemKey("item_1", 0)
SECOND = ItemKey("item_2", 1)


def make(wire_rate_hz: int = RATE_HZ, device_rate_hz: int = RATE_HZ, **options: float) -> tuple[AudioPort, Player]:
    port = AudioPort()
    port.attach_output(device_rate_hz, 1)
    return port, Player(port, wire_rate_hz, **options)


def pull(port: AudioPort, frames: int) -> NDArray[np.float32]:
    block = np.empty((frames, 1), np.float32)
    port.process(None, block)
    return block[:, 0]


def pcm(samples: int, seed: int = 0) -> bytes:
    return np.random.default_rng(seed).integers(-20000, 20000, samples, np.int16).tobytes()


def as_float(data: bytes) -> NDArray[np.float32]:
    return np.frombuffer(data, np.int16).astype(np.float32) / np.float32(32768)


def cut_of(player: Player) -> Cut:
    cut = player.take_cut()
    assert cut is not None
    return cut


def test_five_minutes_in_one_go_play_whole_and_in_order() -> None:
    port, player = make()
    answer = pcm(RATE_HZ * 300)
    for start in range(0, len(answer), 9600):
        player.write(FIRST, answer[start : start + 9600])
    assert player.end_item(FIRST) == 0
    played = []
    for _ in range(3010):
        played.append(pull(port, RATE_HZ // 10))
        player.service()
    sound = np.concatenate(played)
    assert np.array_equal(sound[: RATE_HZ * 300], as_float(answer))
    assert not sound[RATE_HZ * 300 :].any()
    assert player.drained
    assert player.dropped_frames == 0
    assert port.stats().output_underrun_frames == 0


def test_a_queue_over_its_bound_drops_the_newest_and_counts() -> None:
    port, player = make(max_queued_s=1.0)
    answer = pcm(RATE_HZ * 240)
    player.write(FIRST, answer[: len(answer) // 2])
    player.write(FIRST, answer[len(answer) // 2 :])
    player.end_item(FIRST)
    assert player.dropped_frames > 0
    played = []
    while not player.drained:
        played.append(pull(port, RATE_HZ // 10))
        player.service()
    frames = RATE_HZ * 240 - player.dropped_frames
    sound = np.concatenate(played)
    assert not sound[frames:].any()
    assert sound[:RATE_HZ].tobytes() == as_float(answer[: 2 * RATE_HZ]).tobytes()
    assert np.count_nonzero(sound) == pytest.approx(frames, rel=1e-3)


def test_byte_by_byte_is_the_same_as_at_once() -> None:
    port, player = make()
    data = pcm(500)
    for byte in data:
        player.write(FIRST, bytes([byte]))
    player.end_item(FIRST)
    assert np.array_equal(pull(port, 500), as_float(data))


def test_an_odd_byte_at_the_end_is_reported() -> None:
    _, player = make()
    player.write(FIRST, pcm(10) + b"x")
    assert player.end_item(FIRST) == 1


def test_stop_tells_what_was_heard_the_fade_included() -> None:
    port, player = make()
    player.write(FIRST, pcm(RATE_HZ))
    pull(port, 480 * 10)
    player.stop()
    assert player.take_cut() is None
    pull(port, 480)
    cut = cut_of(player)
    assert cut.heard == (Heard(FIRST, heard_ms=200 + int(FADE_MS), received_ms=1000),)
    assert cut.silence_ms >= 0
    assert player.take_cut() is None
    assert player.drained


def test_nothing_of_the_old_answer_sounds_after_the_fade() -> None:
    port, player = make(device_rate_hz=48000)
    player.write(FIRST, pcm(RATE_HZ * 100))
    pull(port, 4800)
    player.stop()
    player.write(SECOND, np.full(RATE_HZ, 1000, np.int16).tobytes())
    player.end_item(SECOND)
    blocks = []
    for _ in range(50):
        blocks.append(pull(port, 480))
        player.service()
    sound = np.concatenate(blocks[1:])
    assert np.all(sound > -1e-3)
    assert np.all(sound < 1100 / 32768)
    assert abs(np.median(sound) - 1000 / 32768) < 1e-3


def test_item_heard_wholly_is_not_reported() -> None:
    port, player = make()
    player.write(FIRST, pcm(480))
    player.end_item(FIRST)
    player.write(SECOND, pcm(4800))
    pull(port, 960)
    player.stop()
    pull(port, 480)
    heard = cut_of(player).heard
    assert [entry.key for entry in heard] == [SECOND]
    assert heard[0].heard_ms == 20 + int(FADE_MS)


def test_item_not_begun_counts_zero() -> None:
    port, player = make()
    player.write(FIRST, pcm(RATE_HZ))
    player.write(SECOND, pcm(RATE_HZ))
    pull(port, 480)
    player.stop()
    pull(port, 480)
    assert [(entry.key, entry.heard_ms) for entry in cut_of(player).heard] == [(FIRST, 28), (SECOND, 0)]


def test_stop_with_nothing_ever_played_is_settled_at_once() -> None:
    _, player = make()
    player.stop()
    assert cut_of(player).heard == ()


def test_two_stops_before_the_kernel_runs_each_get_their_own_answer() -> None:
    port, player = make()
    player.write(FIRST, pcm(RATE_HZ))
    player.stop()
    player.write(SECOND, pcm(RATE_HZ))
    player.stop()
    pull(port, 480)
    assert [entry.key for entry in cut_of(player).heard] == [FIRST]
    assert [(entry.key, entry.heard_ms) for entry in cut_of(player).heard] == [(SECOND, 0)]


def test_a_dead_kernel_does_not_hold_an_interruption_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    port, player = make()
    player.write(FIRST, pcm(RATE_HZ))
    pull(port, 480)
    player.stop()
    assert player.take_cut() is None
    later_s = time.monotonic() + 10
    monkeypatch.setattr("engine.audio.playback.cuts.loop_time_s", lambda: later_s)
    assert cut_of(player).heard == (Heard(FIRST, 20, 1000),)


@pytest.mark.parametrize("wire_rate_hz", [24000, 44100])
@pytest.mark.parametrize("device_rate_hz", [44100, 48000])
def test_heard_is_right_at_any_pair_of_rates(wire_rate_hz: int, device_rate_hz: int) -> None:
    """The resampler's delay is no part of what was heard: against a resampler without one, by what sounded last."""
    dice = np.random.default_rng(5)
    noise = np.convolve(dice.integers(-20000, 20000, 2 * wire_rate_hz), np.ones(wire_rate_hz // 8000) / 8, "same")
    answer = noise.astype(np.int16)
    reference = np.asarray(soxr.resample(answer.astype(np.float32) / 32768, wire_rate_hz, device_rate_hz, "VHQ"))
    for frames in dice.integers(2000, device_rate_hz, 10):
        port, player = make(wire_rate_hz, device_rate_hz)
        player.write(FIRST, answer.tobytes())
        sound = pull(port, int(frames))
        player.stop()
        sound = np.concatenate([sound, pull(port, 4096)])
        (heard,) = cut_of(player).heard
        sounded_ms = 1000 * end_in(reference, np.trim_zeros(sound, "b"), device_rate_hz) / device_rate_hz
        assert heard.heard_ms == pytest.approx(sounded_ms, abs=0.75)  # half of it is rounding
        assert heard.received_ms == 2000


def test_an_item_sounds_since_the_block_that_brought_it() -> None:
    port = AudioPort()
    port.attach_output(48000, 1)
    player = Player(port, 48000)
    key = ItemKey("item_1", 0)
    player.write(key, bytes(2 * 4800))
    player.end_item(key)
    assert player.sounding_for_s(key) is None
    for blocks_before in range(3):
        began_s = time.monotonic()
        port.process(None, np.empty((480, 1), np.float32))
        sounding_for_s = player.sounding_for_s(key)
        assert sounding_for_s is not None
        # Between the block's own moment, which lies within the call, and now.
        assert 0.01 * blocks_before <= sounding_for_s <= 0.01 * blocks_before + time.monotonic() - began_s + 1e-6
