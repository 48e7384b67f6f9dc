"""A player whose device is lost: nothing of the answer is lost or doubled, and what was heard stays right to the ms."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.audio.playback.player import Player
from engine.audio.playback.segments import Cut, Heard, ItemKey
from engine.audio.port.audio_port import FADE_MS, AudioPort
from engine.errors import InvalidInputError

FIRST, SECOND = ItemKey("item_1", 0), ItemKey("item_2", 0)
WIRE_HZ = 24000


def port_at(rate_hz: int) -> AudioPort:
    port = AudioPort()
    port.attach_output(rate_hz, 1)
    return port


def pull(port: AudioPort, player: Player, seconds: float) -> NDArray[np.float32]:
    """What the speaker plays in that time, the event loop running beside it."""
    played = []
    for _ in range(round(seconds * 100)):
        block = np.empty((port.output_rate_hz // 100, 1), np.float32)
        port.process(None, block)
        player.service()
        played.append(block[:, 0])
    return np.concatenate(played)


def ramp(seconds: float) -> NDArray[np.int16]:
    """Each sample says where in the answer it is: 1 for each 10 ms."""
    return (np.arange(round(seconds * WIRE_HZ)) // (WIRE_HZ // 100)).astype(np.int16)


def place_ms(level: np.float32) -> float:
    return 10.0 * float(level) * 32768


def cut_of(player: Player) -> Cut:
    cut = player.take_cut()
    assert cut is not None
    return cut


@pytest.mark.parametrize("after_hz", [24000, 44100, 48000])
@pytest.mark.parametrize("before_hz", [24000, 48000])
def test_the_answer_goes_on_where_it_stopped_at_any_pair_of_rates(before_hz: int, after_hz: int) -> None:
    old, new = port_at(before_hz), port_at(after_hz)
    player = Player(old, WIRE_HZ)
    player.write(FIRST, ramp(60).tobytes())
    player.end_item(FIRST)
    before = pull(old, player, 3.0)
    player.lose_device()
    player.move_to(new)
    after = pull(new, player, 57.5)
    assert place_ms(before[-1]) == pytest.approx(3000, abs=11)
    assert place_ms(after[after_hz // 50]) == pytest.approx(3020, abs=11)
    assert place_ms(after[50 * after_hz]) == pytest.approx(53000, abs=11)
    assert not after[57 * after_hz + after_hz // 20 :].any()
    assert player.drained
    assert player.take_cut() is None


@pytest.mark.parametrize("after_hz", [24000, 44100, 48000])
def test_what_was_heard_adds_up_over_three_devices(after_hz: int) -> None:
    ports = [port_at(48000), port_at(after_hz), port_at(16000)]
    player = Player(ports[0], WIRE_HZ)
    player.write(FIRST, ramp(10).tobytes())
    for number, port in enumerate(ports):
        if number:
            player.lose_device()
            player.move_to(port)
        pull(port, player, 1.0)
    player.stop()
    pull(ports[-1], player, 0.05)
    (heard,) = cut_of(player).heard
    assert heard.heard_ms == pytest.approx(3000 + FADE_MS, abs=3)
    assert heard.received_ms == 10000


def test_what_the_device_had_taken_but_not_played_is_played_again() -> None:
    old, new = port_at(WIRE_HZ), port_at(WIRE_HZ)
    player = Player(old, WIRE_HZ)
    player.write(FIRST, ramp(10).tobytes())
    pull(old, player, 2.0)
    player.lose_device(unplayed_ms=40)
    player.move_to(new)
    assert place_ms(pull(new, player, 0.01)[0]) == pytest.approx(1960)


def test_an_answer_that_was_heard_whole_is_not_begun_again() -> None:
    old, new = port_at(48000), port_at(48000)
    player = Player(old, WIRE_HZ)
    player.write(FIRST, ramp(1).tobytes())
    player.end_item(FIRST)
    pull(old, player, 2.0)
    player.lose_device(unplayed_ms=40)
    player.move_to(new)
    assert not pull(new, player, 0.5).any()
    player.write(SECOND, ramp(1).tobytes())
    assert pull(new, player, 0.5).any()


def test_what_comes_while_there_is_no_device_follows_in_order() -> None:
    old, new = port_at(WIRE_HZ), port_at(WIRE_HZ)
    player = Player(old, WIRE_HZ)
    answer = ramp(4)
    player.write(FIRST, answer[:WIRE_HZ].tobytes())
    pull(old, player, 0.5)
    player.lose_device()
    player.write(FIRST, answer[WIRE_HZ : 3 * WIRE_HZ].tobytes())
    player.end_item(FIRST)
    player.write(SECOND, answer[3 * WIRE_HZ :].tobytes())
    assert not player.drained
    player.move_to(new)
    player.end_item(SECOND)
    played = pull(new, player, 4.0)
    assert np.array_equal(played[: round(3.5 * WIRE_HZ)] * 32768, answer[WIRE_HZ // 2 :])
    assert not played[round(3.5 * WIRE_HZ) :].any()


def test_a_stop_without_a_device_waits_for_nobody_and_nothing_of_it_sounds_later() -> None:
    old, new = port_at(48000), port_at(48000)
    player = Player(old, WIRE_HZ)
    player.write(FIRST, ramp(5).tobytes())
    pull(old, player, 1.0)
    player.lose_device(unplayed_ms=20)
    player.stop(by_user=False)
    cut = cut_of(player)
    assert [(heard.key, heard.received_ms) for heard in cut.heard] == [(FIRST, 5000)]
    assert cut.heard[0].heard_ms == pytest.approx(980, abs=1)
    assert not cut.by_user
    assert player.drained
    player.write(SECOND, ramp(1).tobytes())
    player.stop()
    assert cut_of(player).heard == (Heard(SECOND, 0, 1000),)
    player.move_to(new)
    assert not pull(new, player, 0.5).any()


def test_a_stop_the_lost_kernel_never_answered_is_settled() -> None:
    old, new = port_at(48000), port_at(48000)
    player = Player(old, WIRE_HZ)
    player.write(FIRST, ramp(5).tobytes())
    pull(old, player, 1.0)
    player.stop()
    assert player.take_cut() is None
    player.lose_device()
    (heard,) = cut_of(player).heard
    assert heard.heard_ms == pytest.approx(1000, abs=1)
    player.move_to(new)
    assert not pull(new, player, 0.5).any()


def test_a_stream_that_comes_to_life_again_plays_nothing() -> None:
    old, new = port_at(48000), port_at(48000)
    player = Player(old, WIRE_HZ)
    player.write(FIRST, ramp(5).tobytes())
    pull(old, player, 1.0)
    player.lose_device()
    old.retire()
    player.move_to(new)
    block = np.empty((4800, 1), np.float32)
    old.process(None, block)
    assert not block[round(48 * FADE_MS) :].any()
    assert place_ms(pull(new, player, 1.0)[-1]) == pytest.approx(2000, abs=11)


def test_only_what_was_not_heard_is_kept() -> None:
    port = port_at(48000)
    player = Player(port, WIRE_HZ)
    answer = ramp(0.5).tobytes()
    for _ in range(400):
        player.write(FIRST, answer)
        pull(port, player, 0.5)
    (segment,) = player._segments
    assert sum(map(len, segment.kept)) <= 4 * len(answer)
    assert segment.received_samples == 200 * WIRE_HZ


def test_a_port_without_a_speaker_is_refused() -> None:
    player = Player(port_at(48000), WIRE_HZ)
    with pytest.raises(InvalidInputError):
        player.move_to(AudioPort())
