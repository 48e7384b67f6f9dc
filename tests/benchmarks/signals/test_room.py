"""The acoustic path of the benchmarks and of the tests' own loudspeaker."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.signals.room import distort, synthetic_room
from tests.support.convolver import Convolver

RATE_HZ = 48000


def test_half_of_full_scale_is_distorted_by_five_per_cent() -> None:
    sine = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(RATE_HZ) / RATE_HZ)
    spectrum = np.abs(np.fft.rfft(distort(sine.astype(np.float32))))
    harmonics = np.sqrt(np.sum(spectrum[2000::1000] ** 2))
    assert harmonics / spectrum[1000] == pytest.approx(0.05, abs=0.002)


@pytest.mark.parametrize("rt60_ms", [150, 250, 600])
def test_a_room_is_as_loud_as_asked_and_dies_away_by_60_db_in_its_time(rt60_ms: int) -> None:
    room = synthetic_room(rt60_ms, RATE_HZ, gain_db=-6.0).astype(np.float64)
    assert 10 * np.log10(np.sum(room**2)) == pytest.approx(-6.0, abs=0.01)
    tenth = room.size // 10
    levels_db = [10 * np.log10(np.mean(part**2)) for part in (room[1 : 1 + tenth], room[-tenth:])]
    assert levels_db[0] - levels_db[1] == pytest.approx(60 * 0.9, abs=3)


@pytest.mark.parametrize("taps", [1, 240, 1000])
def test_blocks_give_what_the_whole_convolution_gives(taps: int) -> None:
    dice = np.random.default_rng(1)
    response = dice.standard_normal(taps).astype(np.float32)
    sound = dice.standard_normal(240 * 12).astype(np.float32)
    convolve = Convolver(response, 240)
    blocks = np.concatenate([convolve(block) for block in sound.reshape(-1, 240)])
    np.testing.assert_allclose(blocks, np.convolve(sound, response)[: sound.size], atol=1e-3)
