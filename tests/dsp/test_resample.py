"""The streaming resampler against what it promises, for every pair of rates, and against soxr as the reference."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from numpy.typing import NDArray

from benchmarks.resample_quality import measure_quality
from engine.dsp.lanes import TILE
from engine.dsp.resample import Phase, PolyphaseResampler, make_resampler
from engine.dsp.stage_chain import MOST_OUT
from engine.errors import InvalidInputError

RATES = (8000, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000)
PAIRS = [(a, b) for a in RATES for b in RATES if a != b]
SNR_DB = {Phase.MINIMUM: 125.0, Phase.LINEAR: 130.0}
DELAY_FRAMES = {Phase.MINIMUM: 14.0, Phase.LINEAR: 112.0}
REJECTION_DB = 125.0
RIPPLE_DB = 0.1


def noise(frames: int, seed: int = 1) -> NDArray[np.float32]:
    """White noise at half of full scale."""
    return np.random.default_rng(seed).uniform(-0.5, 0.5, frames).astype(np.float32)


def through(source_hz: int, target_hz: int, samples: NDArray[np.float32], phase: Phase) -> NDArray[np.float64]:
    """A whole signal, in blocks of 20 ms."""
    resampler = make_resampler(source_hz, target_hz, phase)
    blocks = np.array_split(samples, max(1, samples.size * 50 // source_hz))
    return np.concatenate([resampler.process(block) for block in blocks]).astype(np.float64)


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize(("source_hz", "target_hz"), PAIRS)
def test_delay_noise_and_rejection_of_every_pair(source_hz: int, target_hz: int, phase: Phase) -> None:
    quality = measure_quality(lambda: make_resampler(source_hz, target_hz, phase), source_hz, target_hz)
    lower_hz = min(source_hz, target_hz)
    assert quality.phase == phase.value
    assert quality.group_delay_ms * lower_hz / 1000 <= DELAY_FRAMES[phase]
    assert quality.snr_db >= SNR_DB[phase]
    assert quality.rejection_db >= REJECTION_DB
    # Nothing withheld: each block's worth comes out, to one frame.
    assert quality.withheld_ms <= 1000 / target_hz


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize(("source_hz", "target_hz"), PAIRS)
def test_the_passband_is_flat(source_hz: int, target_hz: int, phase: Phase) -> None:
    """The response to an impulse, up to 0.9 of the lower Nyquist frequency; the impulse's spectrum is 1."""
    impulse = np.zeros(source_hz // 5, np.float32)
    impulse[source_hz // 20] = 1.0
    response = np.abs(np.fft.rfft(through(source_hz, target_hz, impulse, phase))) * source_hz / target_hz
    frequencies_hz = np.linspace(0, target_hz / 2, response.size)
    passed = response[frequencies_hz <= 0.9 * min(source_hz, target_hz) / 2]
    assert np.max(np.abs(20 * np.log10(passed))) <= RIPPLE_DB


@pytest.mark.parametrize(("source_hz", "target_hz"), [(24000, 48000), (24000, 44100), (44100, 16000), (48000, 44100)])
def test_linear_phase_is_nearer_to_the_truth_than_soxr_very_high_quality(source_hz: int, target_hz: int) -> None:
    """A second of periodic noise below 0.78 of the lower Nyquist frequency: its spectrum says what must come out."""
    spectrum = np.fft.rfft(noise(source_hz))
    spectrum[np.arange(spectrum.size) > 0.78 * min(source_hz, target_hz) / 2] = 0
    second = np.fft.irfft(spectrum, source_hz).astype(np.float32)
    delay = make_resampler(source_hz, target_hz, Phase.LINEAR).delay_frames
    out = np.fft.rfftfreq(target_hz)
    kept = np.zeros(out.size, np.complex128)
    kept[: min(out.size, spectrum.size)] = spectrum[: out.size] * target_hz / source_hz
    late, on_time = (np.fft.irfft(kept * np.exp(-2j * np.pi * out * shift), target_hz) for shift in (delay, 0.0))
    # The second of three is in the middle of a signal without beginning or end.
    middle = slice(target_hz, 2 * target_hz)
    three = np.tile(second, 3)
    ours = through(source_hz, target_hz, three, Phase.LINEAR)[middle]
    theirs = soxr.resample(three.astype(np.float64), source_hz, target_hz, "VHQ")[middle]
    our_error_db, their_error_db = (
        20 * np.log10(np.std(got - true) / np.std(true)) for got, true in ((ours, late), (theirs, on_time))
    )
    assert our_error_db < -125
    assert our_error_db < their_error_db + 10


@given(st.sampled_from(PAIRS), st.lists(st.integers(0, 900), min_size=1, max_size=20), st.sampled_from(Phase))
@settings(deadline=None, max_examples=60)
def test_streamed_in_any_blocks_equals_one_shot(pair: tuple[int, int], blocks: list[int], phase: Phase) -> None:
    samples = noise(sum(blocks))
    whole, streamed = make_resampler(*pair, phase), make_resampler(*pair, phase)
    expected = np.concatenate([whole.process(samples), whole.flush()])
    pieces = np.split(samples, np.cumsum(blocks)[:-1])
    got = np.concatenate([*(streamed.process(piece) for piece in pieces), streamed.flush()])
    assert got.size == expected.size
    difference = got.astype(np.float64) - expected
    # -140 dB of a full-scale sine; the lanes of a tile may be summed in another order.
    assert not got.size or np.sqrt(np.mean(difference**2)) < 1e-7 / np.sqrt(2)


@given(st.sampled_from(PAIRS), st.lists(st.integers(0, 3000), min_size=1, max_size=12))
@settings(deadline=None, max_examples=60)
def test_each_call_returns_what_its_input_is_worth(pair: tuple[int, int], blocks: list[int]) -> None:
    resampler = make_resampler(*pair)
    taken = given_out = 0
    for frames in blocks:
        taken += frames
        given_out += resampler.process(np.zeros(frames, np.float32)).size
        assert abs(given_out - taken * pair[1] / pair[0]) <= max(1.0, pair[1] / pair[0])


@pytest.mark.parametrize(("source_hz", "target_hz"), PAIRS)
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


def test_blocks_of_any_length_are_taken() -> None:
    samples = noise(100_000)
    whole = make_resampler(24000, 96000).process(samples)
    assert whole.size == 400_000
    streamed = make_resampler(24000, 96000)
    assert np.array_equal(whole, np.concatenate([streamed.process(part) for part in np.array_split(samples, 7)]))


@pytest.mark.parametrize(("source_hz", "target_hz"), [*PAIRS, (4000, 9900), (9900, 4000), (4000, 384_000)])
def test_the_longest_block_comes_out_in_the_memory_there_is_for_it(source_hz: int, target_hz: int) -> None:
    chain = PolyphaseResampler(source_hz, target_hz).chain
    # The last vector or tile is written whole.
    assert max(chain.process(noise(chain.longest)).size for _ in range(3)) <= MOST_OUT - TILE


def test_what_is_not_finite_does_not_last() -> None:
    resampler = make_resampler(24000, 48000)
    poisoned = noise(480)
    poisoned[100] = np.nan
    resampler.process(poisoned)
    assert np.isfinite(resampler.process(noise(480))).all()


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
