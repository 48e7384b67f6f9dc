"""The measurement of the round trip, on recordings and logs whose answer is known beforehand."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.signals.block_log import BlockLog
from benchmarks.signals.chirp_train import begins_at, starts_of, train
from benchmarks.signals.probe import Signal, chirp, find
from benchmarks.signals.round_trip import Arrivals, between_rings, find_chirps, steadiness

RATE_HZ = 48000
STARTS_S = starts_of(8)
PLAYED_AT = begins_at(STARTS_S, (RATE_HZ, RATE_HZ))


def heard(delay: int, *, level: float = 1.0, noise: float = 0.0) -> Signal:
    """The train, later, louder or softer, and with noise."""
    signal = np.concatenate([np.zeros(delay, np.float32), train(STARTS_S, RATE_HZ), np.zeros(4800, np.float32)])
    return np.asarray(level * signal + np.random.default_rng(1).normal(0, noise, signal.size), np.float32)


def delayed(signal: Signal, frames: float) -> Signal:
    """A shift by a fraction of a frame, exact for what is band-limited."""
    spectrum = np.fft.rfft(signal)
    turns = np.exp(-2j * np.pi * np.arange(spectrum.size) * frames / signal.size)
    return np.asarray(np.fft.irfft(spectrum * turns, signal.size), np.float32)


def blocks(first_ns: int, start: int, frames: int, count: int, late_ns: np.ndarray | int = 0) -> BlockLog:
    """A log of blocks that come at their time, or late."""
    numbers = np.arange(count, dtype=np.int64)
    times_ns = first_ns + numbers * frames * 1_000_000_000 // RATE_HZ
    return BlockLog(times_ns + late_ns, start + numbers * frames)


@pytest.mark.parametrize("fraction", [0.0, 0.25, 0.5, -0.4])
def test_a_chirp_is_found_to_a_twentieth_of_a_frame(fraction: float) -> None:
    recording = np.zeros(9600, np.float32)
    recording[3000 : 3000 + chirp(RATE_HZ).size] = chirp(RATE_HZ)
    place = find(chirp(RATE_HZ), delayed(recording, fraction))
    assert place.position == pytest.approx(3000 + fraction, abs=0.05)
    assert place.amplitude_ratio == pytest.approx(1.0, abs=0.01)
    assert place.likeness == pytest.approx(1.0, abs=0.01)


def test_a_cable_with_crossed_wires_is_a_cable() -> None:
    place = find(chirp(RATE_HZ), -0.5 * heard(0)[: round(0.3 * RATE_HZ)])
    assert place.position == pytest.approx(PLAYED_AT[0], abs=0.05)
    assert place.amplitude_ratio == pytest.approx(0.5, rel=0.01)


@pytest.mark.parametrize("delay", [0, 1440, 14399])
def test_a_train_is_found_however_late_it_is_and_however_loud(delay: int) -> None:
    arrivals = find_chirps(heard(delay, level=0.02, noise=0.002), PLAYED_AT, RATE_HZ)
    assert arrivals.offsets == pytest.approx(np.full(8, delay), abs=0.2)
    assert arrivals.amplitude_ratio == pytest.approx(0.02, rel=0.05)


def test_a_recording_that_began_late_has_negative_offsets() -> None:
    arrivals = find_chirps(heard(0)[2000:], PLAYED_AT, RATE_HZ)
    assert arrivals.offsets == pytest.approx(np.full(8, -2000), abs=0.05)


def test_noise_and_silence_have_no_chirps() -> None:
    for noise in (0.0, 0.1):
        assert not find_chirps(heard(0, level=0.0, noise=noise), PLAYED_AT, RATE_HZ).offsets.size


def test_drift_is_measured_to_a_part_in_a_million() -> None:
    starts = np.linspace(9600, 400_000, 60)
    arrivals = Arrivals(starts, starts * (1 + 37e-6) + 1440, 1.0)
    found = steadiness(arrivals)
    assert found.drift_ppm == pytest.approx(37, abs=0.5)
    assert (found.dropped_frames, found.added_frames) == (0, 0)


def test_frames_that_vanish_and_frames_that_are_added_are_counted_apart_and_are_no_drift() -> None:
    starts = np.linspace(9600, 400_000, 60)
    offsets = 1440 + 20e-6 * starts
    offsets[20:] -= 480
    offsets[40:] += 128
    found = steadiness(Arrivals(starts, starts + offsets, 1.0))
    assert found.dropped_frames == pytest.approx(480, abs=0.1)
    assert found.added_frames == pytest.approx(128, abs=0.1)
    assert found.drift_ppm == pytest.approx(20, abs=0.5)


def test_frames_cut_out_of_a_recording_are_found_in_it() -> None:
    recording = heard(1440)
    at = round(PLAYED_AT[4]) + 1440 - 1000
    found = steadiness(find_chirps(np.delete(recording, slice(at, at + 480)), PLAYED_AT, RATE_HZ))
    assert found.dropped_frames == pytest.approx(480, abs=0.2)
    assert found.added_frames == 0


def test_two_streams_that_move_in_one_step_are_compared_by_their_counts() -> None:
    late = np.random.default_rng(3)
    played = blocks(0, 0, 480, 100, late.integers(0, 300_000, 100))
    recorded = blocks(50_000_000, 960, 480, 90, late.integers(0, 300_000, 90))
    # At 50 ms the speaker has taken 2400 frames and the microphone has given 960.
    assert between_rings(played, recorded, (RATE_HZ, RATE_HZ)) == 1440


def test_two_streams_that_move_at_times_of_their_own_are_compared_by_the_clock() -> None:
    played, recorded = blocks(0, 0, 480, 100), blocks(53_000_000, 960, 480, 90)
    ahead = between_rings(played, recorded, (RATE_HZ, RATE_HZ))
    assert ahead == pytest.approx(1440 + 3 * 48, abs=0.1)


def test_the_microphones_rate_counts_where_the_two_differ() -> None:
    played = blocks(0, 0, 480, 100)
    recorded = BlockLog(played.times_ns[5:90].copy(), 100 + 160 * np.arange(85, dtype=np.int64))
    assert between_rings(played, recorded, (48000, 16000)) == 5 * 160 - 100


def test_blocks_that_come_at_once_count_as_one_step() -> None:
    pairs = np.repeat(np.arange(50, dtype=np.int64), 2)
    played = BlockLog(pairs * 5_333_333 + np.tile([0, 9000], 50), 128 * np.arange(100, dtype=np.int64))
    recorded = BlockLog(played.times_ns + 20_000, played.positions - 640)
    assert between_rings(played, recorded, (RATE_HZ, RATE_HZ)) == 640


def test_a_log_without_blocks_is_an_error() -> None:
    nothing = BlockLog(np.empty(0, np.int64), np.empty(0, np.int64))
    with pytest.raises(ValueError, match="no blocks"):
        between_rings(nothing, blocks(0, 0, 480, 3), (RATE_HZ, RATE_HZ))
