"""The log of a port: every block of both directions, with its time and its place in the ring."""

from __future__ import annotations

import numpy as np

from benchmarks.signals.block_log import LoggedPort


def test_a_logged_port_plays_like_any_other_and_notes_each_block() -> None:
    port = LoggedPort(1.0)
    port.attach_output(48000, 1)
    port.attach_input(48000, 1)
    assert port.playback is not None
    assert port.capture is not None
    port.playback.put(np.full(960, 0.25, np.float32))
    output = np.empty((480, 1), np.float32)
    for _ in range(3):
        port.process(np.full((240, 1), 0.5, np.float32), None)
        port.process(None, output)
    assert np.all(output == 0)
    assert port.played.positions.tolist() == [0, 480, 960]
    assert port.recorded.positions.tolist() == [0, 240, 480]
    for log in (port.played, port.recorded):
        assert np.all(np.diff(log.times_ns) >= 0)
    assert np.all(port.capture.get(720) == 0.5)
    assert port.stats().output_calls == 3
    assert port.driven_from_python


def test_a_full_log_ends_and_overwrites_nothing() -> None:
    port = LoggedPort(0.003)
    port.attach_output(48000, 1)
    for _ in range(10):
        port.process(None, np.empty((48, 1), np.float32))
    assert port.played.times_ns.size == 3
    assert port.stats().output_calls == 10
