"""What counts as broken sound, and the log of a port that is driven from Python."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from benchmarks.callback_native import LoggedPort, run_ours
from benchmarks.delivery import Delivery


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


def test_a_logged_port_plays_like_any_other_and_notes_each_block() -> None:
    port = LoggedPort(1.0)
    port.attach_output(48000, 1)
    assert port.playback is not None
    port.playback.producer.put(np.full(960, 0.25, np.float32))
    output = np.empty((480, 1), np.float32)
    for _ in range(2):
        port.process(None, output)
        assert np.all(output == 0.25)
    assert len(port.times_ns) == 2
    assert port.times_ns[0] <= port.times_ns[1]
    assert port.stats().output_calls == 2
    assert port.driven_from_python


def test_a_full_log_ends_and_overwrites_nothing() -> None:
    port = LoggedPort(0.003)
    port.attach_output(48000, 1)
    for _ in range(10):
        port.process(None, np.empty((48, 1), np.float32))
    assert len(port.times_ns) == 3
    assert port.stats().output_calls == 10


@pytest.mark.skipif(sys.platform == "win32", reason="the pump's clock is coarse there")
def test_the_virtual_backend_delivers_in_real_time() -> None:
    delivery = run_ours("virtual", 0.3)
    assert delivery.block_frames == 480
    assert delivery.on_audio_thread == "python"
    assert 0.5 * delivery.expected_calls <= delivery.calls <= 1.5 * delivery.expected_calls
    assert delivery.silent_frames == 0
