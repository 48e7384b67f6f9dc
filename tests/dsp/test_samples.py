"""Every kernel over samples against a plain numpy reference: all lengths to 300, odd offsets, any channels."""

from __future__ import annotations

import math
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray

from engine.dsp.downmix import downmix, upmix
from engine.dsp.gain import apply_gain_ramp, db_to_linear
from engine.dsp.meter import meter
from engine.dsp.pcm16 import Dither, float32_to_pcm16, pcm16_to_float32, pcm16_to_float32_metered
from engine.dsp.softclip import KNEE, soft_clip
from engine.errors import InvalidInputError

SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.99999, 1e30, -1e30, math.inf, -math.inf, math.nan, 1e-40, 0.5 / 32768, 1.5 / 32768]
LENGTHS = st.integers(0, 300)
OFFSETS = st.integers(0, 7)
SEEDS = st.integers(0, 2**32 - 1)


def noise(length: int, seed: int, offset: int = 0) -> NDArray[np.float32]:
    """Samples beyond full scale on both sides, beginning at an odd address."""
    rng = np.random.default_rng(seed)
    return rng.uniform(-1.3, 1.3, length + offset).astype(np.float32)[offset:]


def every_special_value() -> NDArray[np.float32]:
    """Zeros, ends, what is not finite or not normal, and all halves of a step with their neighbours on both sides."""
    halves = (np.arange(-32770, 32770) + 0.5) / 32768
    ties = halves.astype(np.float32)
    around = [np.nextafter(ties, np.float32(side)) for side in (-2, 2)]
    limits = np.finfo(np.float32)
    extremes = [limits.max, -limits.max, limits.tiny, limits.smallest_subnormal, 2.0**16, 2.0**31, -(2.0**31), 2.0**63]
    odd_nans = np.array([0x7F800001, 0xFFC00000, 0x7FFFFFFF], np.uint32).view(np.float32)
    return np.concatenate([np.array([*SPECIAL, *extremes], np.float32), odd_nans, ties, *around])


def gains(length: int, gain_from: float, gain_to: float) -> NDArray[np.float64]:
    """Of every sample: even steps, the last of which reaches the end."""
    return gain_from + (gain_to - gain_from) / max(length, 1) * np.arange(1.0, length + 1)


def dither_noise(length: int, counter: int) -> NDArray[np.float64]:
    """The difference of the halves of MurmurHash3's finaliser of a counter, in steps."""
    number = (np.arange(length, dtype=np.uint64) + counter).astype(np.uint32) * np.uint32(0x9E3779B1)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1)):
        number = (number ^ (number >> np.uint32(shift))) * np.uint32(factor)
    return ((number & np.uint32(0xFFFF)).astype(np.float64) - (number >> np.uint32(16))) / 65536


def reference_pcm16(samples: NDArray[np.float32], gain: Any = 1.0, noise: Any = 0.0) -> NDArray[np.int16]:
    """Round to nearest even in float64, clip, NaN as silence."""
    with np.errstate(invalid="ignore"):
        exact = samples.astype(np.float64) * gain * 32768.0 + noise
    finite = np.nan_to_num(exact, nan=0.0, posinf=1e9, neginf=-1e9)
    return np.clip(np.rint(finite), -32768, 32767).astype(np.int16)


@given(LENGTHS, OFFSETS, SEEDS)
@settings(deadline=None)
def test_float32_to_pcm16(length: int, offset: int, seed: int) -> None:
    samples = noise(length, seed, offset)
    assert np.array_equal(float32_to_pcm16(samples), reference_pcm16(samples))


def test_float32_to_pcm16_of_a_million_and_of_every_special_value() -> None:
    samples = np.concatenate([noise(1_000_000, 1), every_special_value()])
    assert np.array_equal(float32_to_pcm16(samples), reference_pcm16(samples))
    ramp = gains(samples.size, 0.1, 1.7)
    assert np.array_equal(float32_to_pcm16(samples, gain_from=0.1, gain_to=1.7), reference_pcm16(samples, ramp))
    dithered = float32_to_pcm16(samples, gain_from=0.1, gain_to=1.7, dither=Dither(0xFFFFFF00))
    assert np.array_equal(dithered, reference_pcm16(samples, ramp, dither_noise(samples.size, 0xFFFFFF00)))


def test_a_gain_that_is_not_finite_or_turns_infinity_to_nothing_clips_or_silences() -> None:
    samples = every_special_value()
    for gain in (0.0, math.inf, -math.inf, math.nan, 1e308):
        got = float32_to_pcm16(samples, gain_from=gain, gain_to=gain)
        with np.errstate(invalid="ignore", over="ignore"):
            assert np.array_equal(got, reference_pcm16(samples, gains(samples.size, gain, gain)))


def test_every_pcm16_value_comes_back_from_float32() -> None:
    every = np.arange(-32768, 32768).astype(np.int16)
    assert np.array_equal(float32_to_pcm16(pcm16_to_float32(every)), every)
    assert np.array_equal(pcm16_to_float32(every), (every / 32768.0).astype(np.float32))


@given(LENGTHS, OFFSETS, SEEDS)
@settings(deadline=None)
def test_pcm16_to_float32(length: int, offset: int, seed: int) -> None:
    pcm = np.random.default_rng(seed).integers(-32768, 32768, length + offset).astype(np.int16)[offset:]
    assert np.array_equal(pcm16_to_float32(pcm), (pcm / 32768.0).astype(np.float32))


@given(LENGTHS, OFFSETS, SEEDS, st.floats(-2, 2), st.floats(-2, 2))
@settings(deadline=None)
def test_dither_with_a_gain_ramp(length: int, offset: int, seed: int, gain_from: float, gain_to: float) -> None:
    samples = noise(length, seed, offset)
    got = float32_to_pcm16(samples, gain_from=gain_from, gain_to=gain_to, dither=Dither(seed))
    expected = reference_pcm16(samples, gains(length, gain_from, gain_to), dither_noise(length, seed))
    assert np.array_equal(got, expected)


@given(LENGTHS, OFFSETS, st.sampled_from([1.0, 0.0]))
@settings(deadline=None)
def test_a_fade_has_no_step_above_its_slope(length: int, offset: int, gain_from: float) -> None:
    samples = np.ones(length + offset, np.float32)[offset:]
    apply_gain_ramp(samples, gain_from, 1.0 - gain_from)
    with_ends = np.concatenate([[gain_from], samples, [1.0 - gain_from]])
    assert np.all(np.abs(np.diff(with_ends)) <= (1 / length if length else 1.0) + 1e-6)


@given(LENGTHS, OFFSETS, st.integers(1, 8), SEEDS)
@settings(deadline=None)
def test_downmix_is_the_mean_and_upmix_its_inverse(length: int, offset: int, channels: int, seed: int) -> None:
    frames = noise(length * channels, seed, offset).reshape(length, channels)
    mono = downmix(frames)
    assert np.allclose(mono, frames.astype(np.float64).mean(axis=1), atol=1e-6)
    spread = upmix(mono, channels)
    assert spread.shape == (length, channels)
    assert np.array_equal(spread, np.repeat(mono[:, None], channels, axis=1))


@given(LENGTHS, OFFSETS, SEEDS, st.floats(0, 4), st.floats(0, 4))
@settings(deadline=None)
def test_a_gain_ramp_is_even(length: int, offset: int, seed: int, gain_from: float, gain_to: float) -> None:
    samples = noise(length, seed, offset)
    steps = (np.arange(length) + 1) / max(length, 1)
    expected = samples.astype(np.float64) * (gain_from + (gain_to - gain_from) * steps)
    apply_gain_ramp(samples, gain_from, gain_to)
    assert np.allclose(samples, expected, atol=1e-5)


@given(LENGTHS, OFFSETS, SEEDS)
@settings(deadline=None)
def test_meters_agree_with_numpy_to_a_hundredth_of_a_db(length: int, offset: int, seed: int) -> None:
    samples = noise(length, seed, offset)
    levels = meter(samples)
    if length == 0:
        assert levels.peak_db == levels.rms_db == -math.inf
        return
    exact = samples.astype(np.float64)
    assert abs(levels.peak_db - 20 * np.log10(np.abs(exact).max())) < 0.01
    assert abs(levels.rms_db - 10 * np.log10(np.mean(exact**2))) < 0.01


def test_silence_is_minus_infinity_db_and_decibels_are_amplitudes() -> None:
    assert meter(np.zeros(10, np.float32)).peak_db == -math.inf
    assert db_to_linear(0.0) == 1.0
    assert db_to_linear(-20.0) == pytest.approx(0.1)


@given(LENGTHS, OFFSETS, SEEDS, st.floats(0, 4), st.floats(0, 4))
@settings(deadline=None)
def test_pcm16_with_a_gain_ramp(length: int, offset: int, seed: int, gain_from: float, gain_to: float) -> None:
    samples = noise(length, seed, offset)
    got = float32_to_pcm16(samples, gain_from=gain_from, gain_to=gain_to)
    assert np.array_equal(got, reference_pcm16(samples, gains(length, gain_from, gain_to)))


def test_dither_is_triangular_and_knows_nothing_of_the_sound() -> None:
    quiet = np.full(1_000_000, 0.25 / 32768, np.float32)
    errors = float32_to_pcm16(quiet, dither=Dither()).astype(np.float64) - 0.25
    # Triangular noise of one step either way adds 1/6 to the 1/12 of rounding; the mean stays where it was.
    assert abs(errors.mean()) < 0.005
    assert abs(errors.var() - 1 / 4) < 0.005
    spectrum = np.abs(np.fft.rfft(errors - errors.mean())) ** 2
    assert spectrum.max() < 30 * spectrum.mean()
    one, other = Dither(), Dither()
    whole = float32_to_pcm16(quiet[:1000], dither=one)
    pieces = [float32_to_pcm16(piece, dither=other) for piece in np.split(quiet[:1000], [1, 300, 777])]
    assert np.array_equal(whole, np.concatenate(pieces))


@given(LENGTHS, OFFSETS, SEEDS, st.floats(0, 2), st.floats(0, 2))
@settings(deadline=None)
def test_float32_with_gain_and_meters_in_one_pass(
    length: int, offset: int, seed: int, gain_from: float, gain_to: float
) -> None:
    pcm = np.random.default_rng(seed).integers(-32768, 32768, length + offset).astype(np.int16)[offset:]
    samples, peak, rms = pcm16_to_float32_metered(pcm, gain_from, gain_to)
    exact = pcm / 32768.0
    scaled = exact * gains(length, gain_from, gain_to)
    # To one unit in the last place of float32; a gain that ends at 0 ends there to the last place of float64.
    assert np.all(np.abs(samples - scaled) <= np.spacing(np.abs(scaled).astype(np.float32)) + 1e-15)
    assert peak == (np.abs(exact).max() if length else 0.0)
    assert rms == pytest.approx(np.sqrt(np.mean(exact**2)) if length else 0.0, rel=1e-4)


@pytest.mark.parametrize("level", [1, 181, 32767])
def test_meters_of_long_blocks_lose_nothing(level: int) -> None:
    """A sum of ten million equal squares in one float32 would stand still before its end."""
    pcm = np.full(10_000_000, level, np.int16)
    samples, peak, rms = pcm16_to_float32_metered(pcm)
    levels = meter(samples)
    exact_db = 20 * np.log10(level / 32768)
    assert peak == level / 32768
    for measured_db in (20 * np.log10(rms), levels.rms_db, levels.peak_db):
        assert abs(measured_db - exact_db) < 0.01


@given(LENGTHS, SEEDS)
@settings(deadline=None)
def test_soft_clip_bends_without_a_step_and_stays_within_full_scale(length: int, seed: int) -> None:
    samples = np.sort(3 * noise(length, seed))
    bent = samples.copy()
    soft_clip(bent)
    assert np.all(np.abs(bent) <= 1.0)
    inside = np.abs(samples) <= KNEE
    assert np.array_equal(bent[inside], samples[inside])
    # Never steeper than the input, and never turned round.
    assert np.all(np.diff(bent) >= 0)
    assert np.all(np.diff(bent) <= np.diff(samples) + 1e-6)
    odd = np.array([np.nan, np.inf, -np.inf], np.float32)
    soft_clip(odd)
    assert odd.tolist() == pytest.approx([0.0, 1.0, -1.0])


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_a_frame_with_a_nan_is_silence_to_downmix_and_meter(channels: int) -> None:
    frames = np.full((480, channels), 0.5, np.float32)
    frames[100, channels - 1] = np.nan
    mono = downmix(frames)
    assert mono[100] == 0.0
    assert np.allclose(np.delete(mono, 100), 0.5)
    silenced = np.full(480, 0.5, np.float32)
    silenced[100] = 0.0
    assert meter(np.where(silenced == 0.0, np.float32(np.nan), silenced)) == meter(silenced)


def test_results_go_where_they_are_wanted() -> None:
    samples, pcm, mono = noise(480, 1), np.empty(480, np.int16), np.empty(240, np.float32)
    assert float32_to_pcm16(samples, pcm) is pcm
    assert pcm16_to_float32(pcm, samples) is samples
    assert downmix(samples.reshape(240, 2), mono) is mono
    assert upmix(mono, 2, out := np.empty((240, 2), np.float32)) is out
    wrong: list[Any] = [np.empty(479, np.int16), np.empty(480, np.int32), np.empty(960, np.int16)[::2]]
    for too_small in wrong:
        with pytest.raises(InvalidInputError):
            float32_to_pcm16(samples, too_small)


def test_unusual_arrays_are_converted_and_what_is_no_pcm16_is_refused() -> None:
    samples = noise(480, 1)
    expected = float32_to_pcm16(samples)
    variants: list[Any] = [samples.astype(np.float64), np.repeat(samples, 2)[::2], samples.reshape(48, 10)]
    for unusual in variants:
        assert np.array_equal(float32_to_pcm16(unusual), expected)
    swapped = expected.astype(">i2")
    assert np.array_equal(pcm16_to_float32(swapped), pcm16_to_float32(expected))
    assert np.array_equal(pcm16_to_float32(np.frombuffer(expected.tobytes(), "<i2")), pcm16_to_float32(expected))
    others: list[Any] = [expected.astype(np.int32), samples, expected.astype(np.uint16)]
    for wrong in others:
        with pytest.raises(InvalidInputError):
            pcm16_to_float32(wrong)


def test_what_is_no_block_is_refused() -> None:
    with pytest.raises(InvalidInputError):
        downmix(np.zeros(4, np.float32))
    with pytest.raises(InvalidInputError):
        upmix(np.zeros((2, 2), np.float32), 2)
    with pytest.raises(InvalidInputError):
        apply_gain_ramp(np.zeros(4, np.float64), 0, 1)
    with pytest.raises(InvalidInputError):
        apply_gain_ramp(np.zeros(8, np.float32)[::2], 0, 1)
