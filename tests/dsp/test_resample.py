"""The streaming resampler against what it promises, for every pair of rates."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray

from benchmarks.signals.resample_quality import measure_quality
from engine.dsp.resample import MOST_PPM, PolyphaseResampler, make_resampler
from engine.errors import InvalidInputError

RATES = (8000, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000)
PAIRS = [(a, b) for a in RATES for b in RATES if a != b]
ODD_PAIRS = [
    (44099, 48000),
    (48000, 44099),
    (24000, 47999),
    (31999, 8000),
    (31999, 25601),
    (4001, 767_999),
    (767_999, 4001),
    (4000, 768_000),
    (768_000, 4000),
]
"""Rates that have little in common, or lie far apart."""
EVERY_PAIR = [*PAIRS, *ODD_PAIRS]
DELAY_FRAMES = 14.0
SNR_DB, ODD_SNR_DB = 125.0, 100.0
REJECTION_DB = 125.0
RIPPLE_DB = 0.1


def noise(frames: int, seed: int = 1) -> NDArray[np.float32]:
    """White noise at half of full scale."""
    return np.random.default_rng(seed).uniform(-0.5, 0.5, frames).astype(np.float32)


def through(source_hz: int, target_hz: int, samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """A whole signal, in blocks of 20 ms."""
    resampler = make_resampler(source_hz, target_hz)
    blocks = np.array_split(samples, max(1, samples.size * 50 // source_hz))
    return np.concatenate([resampler.process(block) for block in blocks]).astype(np.float64)


def response_to_an_impulse(source_hz: int, target_hz: int) -> NDArray[np.float64]:
    """The impulse comes after 50 ms; its spectrum is 1."""
    impulse = np.zeros(source_hz // 5, np.float32)
    impulse[source_hz // 20] = 1.0
    return through(source_hz, target_hz, impulse) * source_hz / target_hz


@pytest.mark.parametrize(("source_hz", "target_hz"), PAIRS)
def test_delay_noise_and_rejection_of_every_pair(source_hz: int, target_hz: int) -> None:
    quality = measure_quality(lambda: make_resampler(source_hz, target_hz), source_hz, target_hz)
    lower_hz = min(source_hz, target_hz)
    assert quality.phase == "minimum"
    assert quality.group_delay_ms * lower_hz / 1000 <= DELAY_FRAMES
    assert quality.snr_db >= SNR_DB
    assert quality.rejection_db >= REJECTION_DB
    # Nothing withheld: each block's worth comes out, to one frame.
    assert quality.withheld_ms <= 1000 / target_hz


@pytest.mark.parametrize(("source_hz", "target_hz"), ODD_PAIRS)
def test_delay_noise_and_rejection_of_odd_pairs(source_hz: int, target_hz: int) -> None:
    quality = measure_quality(lambda: make_resampler(source_hz, target_hz), source_hz, target_hz)
    assert quality.group_delay_ms * min(source_hz, target_hz) / 1000 <= DELAY_FRAMES
    assert min(quality.snr_db, quality.rejection_db) >= ODD_SNR_DB
    assert quality.withheld_ms <= 1000 / target_hz


@pytest.mark.parametrize(("source_hz", "target_hz"), EVERY_PAIR)
def test_the_passband_is_flat(source_hz: int, target_hz: int) -> None:
    """Up to 0.9 of the lower Nyquist frequency."""
    response = np.abs(np.fft.rfft(response_to_an_impulse(source_hz, target_hz)))
    frequencies_hz = np.linspace(0, target_hz / 2, response.size)
    passed = response[frequencies_hz <= 0.9 * min(source_hz, target_hz) / 2]
    assert np.max(np.abs(20 * np.log10(passed))) <= RIPPLE_DB


@pytest.mark.parametrize(("source_hz", "target_hz"), EVERY_PAIR)
def test_the_delay_it_names_is_that_of_a_tone_of_1_khz(source_hz: int, target_hz: int) -> None:
    """The centroid of the response as a tone of 1 kHz sees it."""
    response = response_to_an_impulse(source_hz, target_hz)
    late = np.arange(response.size) - source_hz // 20 * target_hz / source_hz
    seen = response * np.exp(-2j * np.pi * 1000 / target_hz * late)
    assert make_resampler(source_hz, target_hz).delay_frames == pytest.approx(
        np.real(np.sum(late * seen) / np.sum(seen)), rel=0.01
    )


@given(st.sampled_from(EVERY_PAIR), st.lists(st.integers(0, 900), min_size=1, max_size=20))
@settings(max_examples=100)
def test_a_stream_is_the_same_to_the_bit_however_it_is_cut(pair: tuple[int, int], blocks: list[int]) -> None:
    samples = noise(sum(blocks))
    whole, streamed = make_resampler(*pair), make_resampler(*pair)
    expected = np.concatenate([whole.process(samples), whole.flush()])
    pieces = np.split(samples, np.cumsum(blocks)[:-1])
    got = np.concatenate([*(streamed.process(piece) for piece in pieces), streamed.flush()])
    assert np.array_equal(got, expected)


@pytest.mark.parametrize("pair", [(24000, 48000), (24000, 44100), (48000, 24000), (48000, 44100), (44099, 16000)])
def test_a_second_is_the_same_to_the_bit_in_pieces_of_100_ms_and_of_one_sample(pair: tuple[int, int]) -> None:
    samples = noise(pair[0])
    expected = make_resampler(*pair).process(samples)
    for length in (pair[0] // 10, 1):
        resampler = make_resampler(*pair)
        pieces = [resampler.process(samples[start : start + length]) for start in range(0, samples.size, length)]
        assert np.array_equal(np.concatenate(pieces), expected)


@given(st.sampled_from(EVERY_PAIR), st.lists(st.integers(0, 3000), min_size=1, max_size=12))
@settings(max_examples=100)
def test_each_call_returns_what_its_input_is_worth(pair: tuple[int, int], blocks: list[int]) -> None:
    resampler = make_resampler(*pair)
    taken = given_out = 0
    for frames in blocks:
        taken += frames
        given_now = resampler.process(np.zeros(frames, np.float32)).size
        assert given_now <= resampler.most_out(frames)
        given_out += given_now
        assert abs(given_out - taken * pair[1] / pair[0]) <= max(1.0, pair[1] / pair[0])


@pytest.mark.parametrize(("source_hz", "target_hz"), EVERY_PAIR)
def test_flush_returns_the_tail_and_reset_forgets(source_hz: int, target_hz: int) -> None:
    resampler = make_resampler(source_hz, target_hz)
    click = np.zeros(100, np.float32)
    click[-1] = 1.0
    body, tail = resampler.process(click), resampler.flush()
    # All of the last sample's energy comes out: its sum is the ratio of the rates.
    assert np.concatenate([body, tail]).sum() == pytest.approx(target_hz / source_hz, abs=1e-3)
    resampler.reset()
    assert np.array_equal(resampler.process(click), body)


def test_any_array_is_taken_and_none_is_changed() -> None:
    samples = noise(960)
    expected = make_resampler(48000, 24000).process(samples)
    read_only = samples.copy()
    read_only.flags.writeable = False
    variants: list[Any] = [read_only, samples.astype(np.float64), np.repeat(samples, 2)[::2], samples.reshape(-1, 1)]
    for variant in variants:
        assert np.array_equal(make_resampler(48000, 24000).process(variant), expected)
    assert make_resampler(48000, 24000).process(np.empty(0, np.float32)).size == 0


def test_what_was_returned_is_not_written_over() -> None:
    resampler = make_resampler(24000, 48000)
    first = resampler.process(noise(480))
    kept = first.copy()
    resampler.process(noise(480, seed=2))
    assert np.array_equal(first, kept)


def test_blocks_of_any_length_are_taken() -> None:
    samples = noise(100_000)
    whole = make_resampler(24000, 96000).process(samples)
    assert whole.size == 400_000
    streamed = make_resampler(24000, 96000)
    assert np.array_equal(whole, np.concatenate([streamed.process(part) for part in np.array_split(samples, 7)]))


@given(st.sampled_from(PAIRS), st.integers(0, 2000), st.lists(st.integers(1, 500), min_size=4, max_size=12))
@settings(max_examples=100)
def test_what_is_not_finite_does_not_last(pair: tuple[int, int], at: int, blocks: list[int]) -> None:
    """20 ms later it is gone, wherever it may still stand in memory."""
    resampler = make_resampler(*pair)
    poisoned = noise(at + 1)
    poisoned[at] = np.nan
    resampler.process(poisoned)
    resampler.process(noise(pair[0] // 50))
    for frames in blocks:
        assert np.isfinite(resampler.process(noise(frames))).all()


@pytest.mark.parametrize("pair", [(0, 48000), (48000, 0), (-1, 48000), (1000, 48000), (48000, 10**6)])
def test_impossible_rates_are_refused(pair: tuple[int, int]) -> None:
    with pytest.raises(InvalidInputError):
        make_resampler(*pair)


def test_equal_rates_pass_through() -> None:
    samples = noise(10)
    resampler = make_resampler(48000, 48000)
    assert resampler.process(samples) is samples
    assert resampler.flush().size == 0
    assert resampler.delay_frames == 0
    assert resampler.most_out(10) == 10


def adjusted(source_hz: int, target_hz: int, ppm_of_blocks: list[float]) -> tuple[NDArray[np.float64], ...]:
    """The output for blocks of 20 ms of a tone of 1 kHz, each with a ratio of its own, and the expected one."""
    resampler = PolyphaseResampler(source_hz, target_hz, adjustable=True)
    tone = np.sin(2 * np.pi * 1000 / source_hz * np.arange(len(ppm_of_blocks) * source_hz // 50)).astype(np.float32)
    pieces, steps = [], []
    for block, ppm in zip(np.array_split(tone, len(ppm_of_blocks)), ppm_of_blocks, strict=True):
        resampler.adjust(ppm)
        pieces.append(resampler.process(block))
        steps.append(np.full(pieces[-1].size, (1 + ppm * 1e-6) / target_hz))
    at_s = np.concatenate([[0.0], np.cumsum(np.concatenate(steps))])[:-1]
    waves = np.stack([np.sin(2 * np.pi * 1000 * at_s), np.cos(2 * np.pi * 1000 * at_s)])
    got, settled = np.concatenate(pieces).astype(np.float64), target_hz // 50
    weights = np.linalg.lstsq(waves[:, settled:].T, got[settled:], rcond=None)[0]
    return got[settled:], weights @ waves[:, settled:]


@pytest.mark.parametrize("pair", [(48000, 48000), (44100, 48000), (16000, 48000), (24000, 48000), (96000, 48000)])
def test_a_ratio_is_adjusted_from_block_to_block_without_a_click(pair: tuple[int, int]) -> None:
    """The blocks swing between 300 ppm on either side, as the clock of no sound card does."""
    got, expected = adjusted(*pair, [300 * np.sin(block / 3) for block in range(50)])
    # 137 dB; 83 where the bank comes first, because the sharp filter then sees two ratios at a time.
    assert 10 * np.log10(np.mean(expected**2) / np.mean((got - expected) ** 2)) >= 80.0


@pytest.mark.parametrize("pair", [(48000, 48000), (44100, 48000), (48000, 16000), (767_999, 4001)])
@pytest.mark.parametrize("ppm", [-2 * MOST_PPM, -100, 0, 100, 2 * MOST_PPM])
def test_an_adjusted_ratio_gives_the_frames_that_it_is_worth(pair: tuple[int, int], ppm: float) -> None:
    """At most 1000 ppm; there is room for what comes out of the longest piece."""
    resampler = PolyphaseResampler(*pair, adjustable=True)
    resampler.adjust(ppm)
    worth = pair[1] / (1 + max(-MOST_PPM, min(MOST_PPM, ppm)) * 1e-6)
    given = [resampler.process(np.zeros(pair[0] // 10, np.float32)).size for _ in range(10)]
    assert sum(given) == pytest.approx(worth, abs=1.0 + 10 * (pair[0] % 10) * pair[1] / pair[0])
    assert max(given) <= resampler.most_out(pair[0] // 10)
