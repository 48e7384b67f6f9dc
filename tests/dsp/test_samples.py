"""Every kernel over samples against a plain numpy reference: all lengths to 300, odd offsets, any channels."""

from __future__ import annotations

import math
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from numpy.typing import NDArray

from engine.audio.port.audio_port import AudioPort
from engine.dsp.meter import db_to_linear, meter
from engine.dsp.pcm16 import float32_to_pcm16, pcm16_to_float32
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


def reference_pcm16(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    """Round to nearest even in float64, clip, NaN as silence."""
    with np.errstate(invalid="ignore"):
        exact = samples.astype(np.float64) * 32768.0
    finite = np.nan_to_num(exact, nan=0.0, posinf=1e9, neginf=-1e9)
    return np.clip(np.rint(finite), -32768, 32767).astype(np.int16)


@given(LENGTHS, OFFSETS, SEEDS)
def test_float32_to_pcm16(length: int, offset: int, seed: int) -> None:
    samples = noise(length, seed, offset)
    assert np.array_equal(float32_to_pcm16(samples), reference_pcm16(samples))


def test_float32_to_pcm16_of_a_million_and_of_every_special_value() -> None:
    samples = np.concatenate([noise(1_000_000, 1), every_special_value()])
    assert np.array_equal(float32_to_pcm16(samples), reference_pcm16(samples))


def test_every_pcm16_value_comes_back_from_float32() -> None:
    every = np.arange(-32768, 32768).astype(np.int16)
    assert np.array_equal(float32_to_pcm16(pcm16_to_float32(every)), every)
    assert np.array_equal(pcm16_to_float32(every), (every / 32768.0).astype(np.float32))


@given(LENGTHS, OFFSETS, SEEDS)
def test_pcm16_to_float32(length: int, offset: int, seed: int) -> None:
    pcm = np.random.default_rng(seed).integers(-32768, 32768, length + offset).astype(np.int16)[offset:]
    assert np.array_equal(pcm16_to_float32(pcm), (pcm / 32768.0).astype(np.float32))


@given(LENGTHS, OFFSETS, st.integers(1, 8), SEEDS)
def test_the_microphone_is_the_mean_of_its_channels(length: int, offset: int, channels: int, seed: int) -> None:
    frames = noise(length * channels, seed, offset).reshape(length, channels)
    port = AudioPort()
    port.attach_input(48000, channels)
    assert port.capture is not None
    port.process(frames, None)
    assert np.allclose(port.capture.get(length), frames.astype(np.float64).mean(axis=1), atol=1e-6)


@given(LENGTHS, st.integers(1, 8), SEEDS, st.floats(0, 4), st.floats(0, 4))
def test_the_speaker_gets_an_even_ramp_of_gain_on_every_channel(
    length: int, channels: int, seed: int, gain_from: float, gain_to: float
) -> None:
    samples = noise(length, seed)
    port = AudioPort()
    port.attach_output(48000, channels)
    assert port.playback is not None
    for gain, count in ((gain_from, 1), (gain_to, length)):
        port.gain = gain
        block = np.empty((count, channels), np.float32)
        if count == length:
            port.playback.put(samples)
        port.process(None, block)
    steps = (np.arange(length) + 1) / max(length, 1)
    start = gain_to if length == 1 else gain_from  # a block of one frame is the end of the ramp
    expected = samples.astype(np.float64) * (start + (gain_to - start) * steps)
    assert np.allclose(block[:length], np.repeat(expected[:, None], channels, axis=1), atol=1e-5)


@given(LENGTHS, OFFSETS, SEEDS)
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


@pytest.mark.parametrize("level", [1, 181, 32767])
def test_meters_of_long_blocks_lose_nothing(level: int) -> None:
    """A sum of ten million equal squares in one float32 would stand still before its end."""
    levels = meter(pcm16_to_float32(np.full(10_000_000, level, np.int16)))
    exact_db = 20 * np.log10(level / 32768)
    for measured_db in (levels.rms_db, levels.peak_db):
        assert abs(measured_db - exact_db) < 0.01


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_a_frame_with_a_nan_is_silence_to_capture_and_meter(channels: int) -> None:
    frames = np.full((480, channels), 0.5, np.float32)
    frames[100, channels - 1] = np.nan
    port = AudioPort()
    port.attach_input(48000, channels)
    assert port.capture is not None
    port.process(frames, None)
    mono = port.capture.get(480)
    assert mono[100] == 0.0
    assert np.allclose(np.delete(mono, 100), 0.5)
    silenced = np.full(480, 0.5, np.float32)
    silenced[100] = 0.0
    assert meter(np.where(silenced == 0.0, np.float32(np.nan), silenced)) == meter(silenced)


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
