"""What counts as broken sound."""

from __future__ import annotations

import sys

import pytest

from benchmarks.rigs.native_playback import run_ours
from benchmarks.signals.dropouts import Delivery
from engine.audio.types import StreamRequest


def _delivery(calls: int, silent_frames: int = 0) -> Delivery:
    times_ns = [10_000_000 * number for number in range(calls)]
    return Delivery(48000, 480, 1.0, times_ns, silent_frames, "compiled")


def test_every_block_in_time_is_nothing_broken() -> None:
    delivery = _delivery(100)
    assert (delivery.expected_calls, delivery.calls, delivery.broken_ms) == (100, 100, 0.0)
    assert set(delivery.gaps_ms) == {10.0}


def test_blocks_that_never_came_and_silence_are_broken() -> None:
    assert _delivery(52).broken_ms == pytest.approx(460)
    assert _delivery(100, silent_frames=4800).broken_ms == pytest.approx(100)


def test_where_the_measurement_begins_within_a_block_is_not_held_against_anyone() -> None:
    assert _delivery(98).broken_ms == 0


@pytest.mark.timing
@pytest.mark.skipif(sys.platform == "win32", reason="the pump's clock is coarse there")
def test_the_virtual_backend_delivers_in_real_time() -> None:
    delivery = run_ours("virtual", StreamRequest(), 480, "idle", 0.3)
    assert delivery.block_frames == 480
    assert delivery.on_audio_thread == "python"
    assert 0.5 * delivery.expected_calls <= delivery.calls <= 1.5 * delivery.expected_calls
    assert delivery.silent_frames == 0
