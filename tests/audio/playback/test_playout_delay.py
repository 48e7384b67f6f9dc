"""The playout delay by the clock: deltas in bursts, in stalls and byte by byte, and what each costs."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from engine.audio.playback.player import Player
from engine.audio.playback.playout_delay import MAX_MS, MIN_MS, Lateness
from engine.audio.playback.segments import ItemKey
from engine.audio.port.audio_port import AudioPort

RATE_HZ = 24000
BLOCK_MS = 10

Delta = tuple[float, float]
"""When it comes, and how much audio it holds; milliseconds."""


def paced(count: int, delta_ms: float = 40.0, late_ms: Iterable[float] = ()) -> list[Delta]:
    """Deltas at the pace of speech, each late by the next of `late_ms`; none overtakes another."""
    lateness = list(late_ms) or [0.0]
    comes_ms = [number * delta_ms + lateness[number % len(lateness)] for number in range(count)]
    return [(float(at_ms), delta_ms) for at_ms in np.maximum.accumulate(comes_ms)]


class Listener:
    """A device that takes a block every 10 ms, and a player that is given deltas as the schedule says."""

    def __init__(self) -> None:
        self.port = AudioPort()
        self.port.attach_output(RATE_HZ, 1)
        self.player = Player(self.port, RATE_HZ)
        self.now_ms = 0
        self.answers = 0

    def hear(self, deltas: list[Delta], *, ends_ms: float | None = None) -> float:
        """Play one answer to its end; return when its first block sounded, after its first delta."""
        key = ItemKey(f"item_{self.answers}", 0)
        self.answers += 1
        self._take_block()
        began_ms, first_ms, ended = self.now_ms, -1.0, False
        schedule = sorted(deltas)
        last_ms = schedule[-1][0] if ends_ms is None else ends_ms
        while not (ended and self.player.drained):
            at_ms = self.now_ms - began_ms
            while schedule and schedule[0][0] <= at_ms:
                samples = round(schedule.pop(0)[1] * RATE_HZ / 1000)
                self.player.write(key, np.full(samples, 8000, np.int16).tobytes())
            if not ended and not schedule and at_ms >= last_ms:
                self.player.end_item(key)
                ended = True
            if self._take_block() and first_ms < 0:
                first_ms = at_ms - deltas[0][0]
        return first_ms

    def _take_block(self) -> bool:
        """Let the device take a block; whether anything sounds in it."""
        block = np.empty((RATE_HZ * BLOCK_MS // 1000, 1), np.float32)
        self.port.process(None, block)
        self.player.service()
        self.now_ms += BLOCK_MS
        return bool(block.any())

    @property
    def underruns(self) -> int:
        return self.port.stats().output_underruns


def test_without_lateness_an_answer_waits_20_ms_and_never_runs_dry() -> None:
    it = Listener()
    starts_ms = [it.hear(paced(50)) for _ in range(4)]
    assert starts_ms == [MIN_MS] * 4
    assert it.underruns == 0
    assert it.player.playout_delay.delay_ms == MIN_MS
    assert (it.player.playout_delay.late_starts, it.player.playout_delay.late_start_ms) == (4, 80.0)


def test_an_answer_that_is_complete_never_waits() -> None:
    it = Listener()
    it.hear(paced(50, late_ms=[0, 250]))
    assert it.player.playout_delay.delay_ms > 200
    assert it.hear([(0, 15)], ends_ms=0) == 0
    assert it.hear([(0, 250)], ends_ms=0) == 0


def test_a_wait_ends_when_the_answer_turns_out_to_be_complete() -> None:
    it = Listener()
    it.hear(paced(50, late_ms=[0, 250]))
    assert it.hear([(0, 100)], ends_ms=50) == 50


def test_300_ms_in_hand_never_wait() -> None:
    it = Listener()
    it.hear(paced(50, late_ms=[0, 290]))
    assert it.hear([(0, 300), (200, 300), (400, 300)]) == 0


@pytest.mark.parametrize("jitter_ms", [30, 60, 120, 240])
def test_the_delay_follows_the_jitter_and_then_nothing_runs_dry(jitter_ms: int) -> None:
    late_ms = np.random.default_rng(1).uniform(0, jitter_ms, 200)
    late_ms[0] = 0
    it = Listener()
    it.hear(paced(200, late_ms=late_ms))
    before = it.underruns
    assert before >= 1
    playout_delay_ms = it.player.playout_delay.delay_ms
    assert 0.7 * jitter_ms <= playout_delay_ms <= jitter_ms + BLOCK_MS
    late_starts = it.player.playout_delay.late_starts
    assert it.hear(paced(200, late_ms=late_ms)) <= playout_delay_ms + BLOCK_MS
    assert it.player.playout_delay.late_starts == late_starts + 1
    # One gap more at the most: a percentile lets the rarest pass.
    assert it.underruns - before <= 1


def test_bursts_need_a_delay_of_their_distance() -> None:
    """Five deltas of 40 ms at once, every 200 ms: on time for who began with the first burst."""
    it = Listener()
    bursts = [(200.0 * (number // 5), 40.0) for number in range(100)]
    assert it.hear(bursts) == MIN_MS
    assert it.underruns == 0
    late = [(at_ms + 80 * ((at_ms // 200) % 2), audio_ms) for at_ms, audio_ms in bursts]
    it.hear(late)
    before = it.underruns
    it.hear(late)
    assert it.underruns == before
    assert 60 <= it.player.playout_delay.delay_ms <= 80 + BLOCK_MS


def test_stalls_of_500_ms_are_more_than_any_delay_but_each_is_one_gap() -> None:
    it = Listener()
    stalls = [(at_ms + 500 * (number // 50), audio_ms) for number, (at_ms, audio_ms) in enumerate(paced(200))]
    it.hear(stalls)
    stats = it.port.stats()
    assert stats.output_underruns == 3
    # It stops for what did not come, and once more for the delay; what came is played whole.
    gap_ms = 1000 * stats.output_underrun_frames / RATE_HZ / 3
    assert 440 <= gap_ms <= 520 + MAX_MS
    assert stats.played_position == RATE_HZ * 200 * 40 // 1000
    assert it.player.playout_delay.delay_ms == MAX_MS
    assert it.hear(paced(50)) <= MAX_MS


def test_a_stall_behind_a_full_ring_is_nothing() -> None:
    """Answers come faster than they sound: what came early covers what comes late."""
    it = Listener()
    fast = [(number * 10.0 + (500.0 if number >= 30 else 0.0), 40.0) for number in range(60)]
    it.hear(fast)
    assert it.underruns == 0
    assert it.player.playout_delay.delay_ms == MIN_MS


def test_byte_by_byte_is_as_any_other_pace() -> None:
    it = Listener()
    each_ms = 1000 / RATE_HZ
    assert it.hear([(number * each_ms, each_ms) for number in range(RATE_HZ)]) <= MIN_MS + BLOCK_MS
    assert it.underruns == 0
    assert it.player.playout_delay.delay_ms == MIN_MS


def test_the_delay_forgets() -> None:
    it = Listener()
    it.hear(paced(100, late_ms=[0, 200]))
    assert it.player.playout_delay.delay_ms > 150
    for _ in range(12):
        it.hear(paced(60))
    assert it.player.playout_delay.delay_ms == MIN_MS


def test_the_percentile_passes_over_two_of_forty() -> None:
    lateness = Lateness()
    for interval in range(40):
        lateness.begin()
        lateness.arrived(1000.0 * interval, 40.0)
        assert lateness.arrived(1000.0 * interval + 40 + (200 if interval in (7, 20) else 50), 40.0) >= 50
    assert lateness.percentile_ms == 50.0


def test_a_pause_that_is_not_caught_up_is_late_for_two_seconds_only() -> None:
    lateness = Lateness()
    late_ms = [lateness.arrived(40.0 * number + (500 if number >= 10 else 0), 40.0) for number in range(100)]
    assert late_ms[:10] == [0.0] * 10
    assert late_ms[10:40] == [500.0] * 30
    assert late_ms[60:] == [0.0] * 40


def test_an_early_start_after_a_gap_counts_no_late_start() -> None:
    it = Listener()
    it.hear([(0, 300), (1000, 40), (1040, 40), (1080, 40)])
    assert it.player.playout_delay.late_starts == 0
    assert it.underruns == 1


def test_a_stop_while_the_delay_lasts_leaves_nothing_to_sound() -> None:
    it = Listener()
    key = ItemKey("item_1", 0)
    it.player.write(key, bytes(480))
    it.player.stop()
    block = np.empty((480, 1), np.float32)
    it.port.process(None, block)
    cut = it.player.take_cut()
    assert cut is not None
    assert [(heard.key, heard.heard_ms, heard.received_ms) for heard in cut.heard] == [(key, 0, 10)]
    assert it.player.drained
    assert it.hear(paced(10)) == MIN_MS
