"""Figures of an echo canceller, of signals whose figures are known."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.signals.echo_quality import converged_s, erle_over_time, intelligibility, lag_of, near_loss_db
from benchmarks.signals.room import Signal

RATE_HZ = 16000


def noise(seconds: float, seed: int = 1) -> Signal:
    return np.random.default_rng(seed).standard_normal(round(seconds * RATE_HZ)).astype(np.float32)


def test_each_half_second_has_its_erle_and_silence_has_none() -> None:
    before = noise(1.5)
    after = before * np.repeat([1.0, 0.01, 0.1], RATE_HZ // 2).astype(np.float32)
    before[-RATE_HZ // 2 :] = 0
    assert erle_over_time(before, after, RATE_HZ) == [0.0, 40.0, None]


@pytest.mark.parametrize(
    ("erles_db", "expected_s"),
    [([5.0, 25.0, 25.0, 25.0, 25.0], 0.5), ([25.0, 5.0, 25.0, None, 25.0, 25.0], 1.0), ([25.0, 25.0, 5.0, 25.0], None)],
)
def test_convergence_is_where_two_seconds_stay_good(erles_db: list[float | None], expected_s: float | None) -> None:
    assert converged_s(erles_db) == expected_s


@pytest.mark.parametrize("polarity", [1, -1])
def test_a_lag_is_found_to_the_frame_in_noise(polarity: int) -> None:
    early = noise(2)
    late = polarity * np.pad(early, (1234, 0))[: early.size] + 0.5 * noise(2, seed=2)
    assert lag_of(late, early, 4000) == 1234


def test_the_loss_of_the_near_end_is_found_behind_a_lag() -> None:
    near = noise(2) * np.repeat([1.0, 0.0, 1.0, 0.0], RATE_HZ // 2).astype(np.float32)
    late = np.pad(near, (RATE_HZ // 50, 0))[: near.size]
    assert near_loss_db(near, late * 0.5, RATE_HZ) == pytest.approx(6.0, abs=0.5)


def test_what_is_whole_is_understood_and_noise_is_not() -> None:
    pytest.importorskip("pystoi")
    near = noise(4)
    whole, lost = intelligibility(near, np.pad(near, (320, 0)), RATE_HZ), intelligibility(near, noise(4, 3), RATE_HZ)
    assert whole is not None
    assert lost is not None
    assert whole > 0.95
    assert lost < 0.5
