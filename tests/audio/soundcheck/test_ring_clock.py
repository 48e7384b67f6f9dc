"""How far one ring's count is ahead of the other's, from blocks of two lengths that two streams move at their times."""

from __future__ import annotations

import numpy as np
import pytest

from engine.audio.kernels import control as c
from engine.audio.port.audio_port import AudioPort
from engine.audio.soundcheck.ring_clock import RingClock
from engine.dsp.compile.library import library

IN_HZ, OUT_HZ = 48000, 24000
FRAMES = 480
IN_BLOCK_MS, OUT_BLOCK_MS = 10, 20
MS = 1_000_000


@pytest.fixture
def port() -> AudioPort:
    made = AudioPort()
    made.attach_input(IN_HZ, 1)
    made.attach_output(OUT_HZ, 1)
    assert made.playback is not None
    made.playback.put(np.ones(OUT_HZ, np.float32))
    return made


@pytest.mark.parametrize(("in_from_ms", "out_from_ms"), [(1000, 1003), (1050, 1000), (1000, 1007)])
def test_streams_that_start_one_after_the_other_are_told_apart_by_that(
    port: AudioPort, in_from_ms: int, out_from_ms: int
) -> None:
    clock = RingClock(port)
    block = np.zeros((FRAMES, 1), np.float32)
    samples = 0
    for now_ms in range(1000, 1300):
        if now_ms >= in_from_ms and (now_ms - in_from_ms) % IN_BLOCK_MS == 0:
            port.process(block, None)
            library().write_word(port.control_address, c.INPUT_LAST_NS, now_ms * MS)
        if now_ms >= out_from_ms and (now_ms - out_from_ms) % OUT_BLOCK_MS == 0:
            port.process(None, block)
            library().write_word(port.control_address, c.OUTPUT_LAST_NS, now_ms * MS)
        if now_ms >= 1050 and now_ms % 7 == 0:
            clock.sample()
            samples += 1
    assert samples > 10
    assert clock.ahead_s == pytest.approx((in_from_ms - out_from_ms) / 1000)


def test_a_ring_that_stands_still_tells_nothing(port: AudioPort) -> None:
    clock = RingClock(port)
    block = np.zeros((FRAMES, 1), np.float32)
    port.process(block, None)
    clock.sample()
    assert clock.ahead_s is None
    for _ in range(OUT_HZ // FRAMES):
        port.process(block, block)
    clock.sample()
    assert clock.ahead_s is None
