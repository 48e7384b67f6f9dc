"""The streaming resampler: any block sizes give the one-shot result, a tone stays a tone, flush returns the tail."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray

from engine.dsp.resample import make_resampler

RATES = (8000, 16000, 22050, 24000, 44100, 48000)
PAIRS = [(a, b) for a in RATES for b in RATES]


def tone(rate_hz: int, seconds: float = 0.5, hz: float = 1000.0) -> NDArray[np.float32]:
    """A sine at half of full scale."""
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(round(rate_hz * seconds)) / rate_hz)).astype(np.float32)


@pytest.mark.parametrize(("from_hz", "to_hz"), PAIRS)
def test_length_and_tone_are_kept(from_hz: int, to_hz: int) -> None:
    resampler = make_resampler(from_hz, to_hz)
    out = np.concatenate([resampler.process(tone(from_hz)), resampler.flush()])
    assert abs(out.size - 0.5 * to_hz) <= 2
    middle = out[out.size // 4 : -out.size // 4].astype(np.float64)
    phase = 2 * np.pi * 1000 * np.arange(middle.size) / to_hz
    basis = np.stack([np.sin(phase), np.cos(phase)], axis=1)
    fitted = basis @ np.linalg.lstsq(basis, middle, rcond=None)[0]
    assert np.sqrt(2 * np.mean(fitted**2)) == pytest.approx(0.5, abs=0.005)
    assert np.sqrt(np.mean((middle - fitted) ** 2)) < 1e-4


@given(st.sampled_from(PAIRS), st.lists(st.integers(0, 900), min_size=1, max_size=20))
@settings(deadline=None, max_examples=40)
def test_streamed_in_any_blocks_equals_one_shot(pair: tuple[int, int], blocks: list[int]) -> None:
    samples = np.random.default_rng(1).uniform(-0.5, 0.5, sum(blocks)).astype(np.float32)
    whole, streamed = make_resampler(*pair), make_resampler(*pair)
    expected = np.concatenate([whole.process(samples), whole.flush()])
    pieces = np.split(samples, np.cumsum(blocks)[:-1])
    got = np.concatenate([*(streamed.process(piece) for piece in pieces), streamed.flush()])
    assert got.size == expected.size
    assert np.allclose(got, expected, atol=1e-6)


def test_reset_forgets_what_was_said() -> None:
    resampler = make_resampler(24000, 48000)
    first = np.concatenate([resampler.process(tone(24000)), resampler.flush()])
    resampler.reset()
    resampler.process(np.ones(777, np.float32))
    resampler.reset()
    again = np.concatenate([resampler.process(tone(24000)), resampler.flush()])
    assert np.array_equal(first, again)
