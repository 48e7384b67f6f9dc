"""The processors of our own, each by what a person would notice of it."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.audio.processing.processors.gain import Gain
from engine.audio.processing.processors.half_duplex import HalfDuplex
from engine.audio.processing.processors.high_pass import HighPass
from engine.audio.processing.processors.noise_gate import NoiseGate
from engine.audio.processing.protocol import FRAMES, RATE_HZ, Processor, Samples
from engine.dsp.meter import db_to_linear, meter
from engine.errors import InvalidInputError

MAKERS: list[Callable[[], Processor]] = [HalfDuplex, NoiseGate, Gain, lambda: Gain(gain_db=20), HighPass]


def tone(seconds: float, *, hz: float = 1000.0, level_db: float = 0.0) -> Samples:
    """A sine with that peak."""
    at_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return (db_to_linear(level_db) * np.sin(2 * np.pi * hz * at_s)).astype(np.float32)


def noise(seconds: float, *, level_db: float, seed: int = 1) -> Samples:
    """White noise of that mean power."""
    drawn = np.random.default_rng(seed).standard_normal(round(seconds * RATE_HZ))
    return (drawn * db_to_linear(level_db)).astype(np.float32)


def through(processor: Processor, samples: Samples, reference: Samples | None = None, frames: int = FRAMES) -> Samples:
    """The output, block by block."""
    reference = np.zeros_like(samples) if reference is None else reference
    cuts = range(0, samples.size, frames)
    return np.concatenate([processor.process(samples[i : i + frames].copy(), reference[i : i + frames]) for i in cuts])


def loudest_step(samples: Samples) -> float:
    """The greatest jump from a sample to the next."""
    return float(np.abs(np.diff(samples)).max())


@pytest.mark.parametrize("make", MAKERS)
@given(seed=st.integers(0, 2**32), level_db=st.floats(-90, 12))
def test_a_block_of_any_length_gives_as_many_finite_samples_and_the_same_ones(
    make: Callable[[], Processor], seed: int, level_db: float
) -> None:
    samples = noise(0.04, level_db=level_db, seed=seed)
    reference = samples[::-1].copy()
    outputs = [through(make(), samples, reference, frames) for frames in (FRAMES, 2 * FRAMES, 4 * FRAMES)]
    assert all(output.dtype == np.float32 and output.shape == samples.shape for output in outputs)
    assert np.isfinite(outputs[0]).all()
    for output in outputs[1:]:
        assert np.allclose(output, outputs[0], atol=1e-6)


@pytest.mark.parametrize("make", MAKERS)
def test_silence_stays_exact_silence(make: Callable[[], Processor]) -> None:
    assert not through(make(), np.zeros(20 * FRAMES, np.float32)).any()


@pytest.mark.parametrize("tail_ms", [0, 100, 300])
def test_the_microphone_is_zeros_while_the_agent_sounds_and_until_that_has_decayed(tail_ms: int) -> None:
    said = tone(2.0, hz=500)
    sounding = np.zeros_like(said)
    sounding[24000:48000] = noise(0.5, level_db=-20)
    heard = through(HalfDuplex(tail_ms=tail_ms), said, sounding)
    ramp, reopened = 240, 48000 + tail_ms * 48
    assert np.array_equal(heard[:24000], said[:24000])
    assert not heard[24000 + ramp : reopened].any()
    assert np.array_equal(heard[reopened + ramp + FRAMES :], said[reopened + ramp + FRAMES :])
    assert loudest_step(heard) < 1.2 * loudest_step(said)


def test_what_nobody_hears_of_the_agent_leaves_the_microphone_open() -> None:
    said = tone(0.5)
    assert np.array_equal(through(HalfDuplex(), said, tone(0.5, level_db=-61)), said)
    assert not through(HalfDuplex(), said, tone(0.5, level_db=-59))[FRAMES:].any()
    assert through(HalfDuplex(threshold_db=-50), said, tone(0.5, level_db=-59)).any()


def test_words_pass_the_gate_whole_and_pauses_are_zeros() -> None:
    word, fan = tone(0.5, level_db=-20), noise(2.0, level_db=-60)
    said = fan.copy()
    said[48000 : 48000 + word.size] += word
    heard = through(NoiseGate(hold_ms=200, release_ms=50), said)
    assert not heard[24000:48000].any()
    begun, ended = 48000 + 96, 48000 + word.size
    assert np.array_equal(heard[begun:ended], said[begun:ended])
    assert np.array_equal(heard[ended : ended + 9600 - FRAMES], said[ended : ended + 9600 - FRAMES])
    assert not heard[ended + 9600 + 2400 + 2 * FRAMES :].any()
    assert loudest_step(heard) < 1.2 * loudest_step(said)


def test_a_level_between_the_two_thresholds_keeps_the_gate_as_it_is() -> None:
    between = noise(1.0, level_db=-48)
    assert not through(NoiseGate(hold_ms=0), np.concatenate([noise(1.0, level_db=-60), between]))[48000:].any()
    loud = noise(0.1, level_db=-30)
    heard = through(NoiseGate(hold_ms=0), np.concatenate([loud, between]))
    assert np.array_equal(heard[loud.size :], between)


@given(
    samples=arrays(np.float32, 64, elements=st.floats(-100, 100, width=32)),
    gain_db=st.floats(-60, 60),
    limit_db=st.floats(-40, 0),
)
def test_gain_never_exceeds_its_limit_and_leaves_the_sign(samples: Samples, gain_db: float, limit_db: float) -> None:
    heard = through(Gain(gain_db=gain_db, limit_db=limit_db), samples)
    assert float(np.abs(heard).max()) <= np.float32(db_to_linear(limit_db))
    assert (heard * samples >= 0).all()


def test_gain_is_exact_below_the_limit_and_returns_after_a_peak() -> None:
    soft = tone(2.0, level_db=-40)
    assert np.allclose(through(Gain(gain_db=20), soft), 10 * soft, rtol=1e-6)
    soft[48000] = 1.0
    heard = through(Gain(gain_db=20, release_ms=50), soft)
    assert meter(heard[48001:48480]).peak_db < -35
    assert np.allclose(heard[72000:], 10 * soft[72000:], rtol=1e-6)


def test_a_loud_voice_through_the_limiter_is_bent_little() -> None:
    """The steady part of a sine 10 dB above the limit keeps its shape: what clipping makes of it is half as loud."""
    spectrum = np.abs(np.fft.rfft(through(Gain(gain_db=10, limit_db=0, release_ms=200), tone(2.0))[48000:]))
    wanted, spectrum[1000] = spectrum[1000], 0
    assert 20 * math.log10(math.sqrt(float(np.square(spectrum).sum())) / wanted) < -35


@pytest.mark.parametrize(
    ("hz", "gain_db"),
    [(10, -36.1), (40, -12.3), (80, -3.01), (160, -0.263), (1000, 0.0), (8000, 0.0)],
)
def test_the_high_pass_is_a_butterworth_of_the_second_order(hz: float, gain_db: float) -> None:
    heard = through(HighPass(), tone(2.0, hz=hz))[48000:]
    assert meter(heard).rms_db - meter(tone(1.0, hz=hz)).rms_db == pytest.approx(gain_db, abs=0.05)


def test_the_high_pass_forgets_a_direct_current_and_does_not_slow_down_on_silence() -> None:
    high_pass = HighPass()
    heard = through(high_pass, np.concatenate([np.full(24000, 0.5, np.float32), np.zeros(96000, np.float32)]))
    assert float(np.abs(heard[20000:24000]).max()) < 1e-6
    assert not high_pass._state.any()


@pytest.mark.parametrize(
    "make",
    [
        lambda: HighPass(cutoff_hz=0),
        lambda: HighPass(cutoff_hz=24000),
        lambda: Gain(limit_db=0.1),
        lambda: Gain(release_ms=0),
    ],
)
def test_what_no_processor_can_do_is_refused(make: Callable[[], Processor]) -> None:
    with pytest.raises(InvalidInputError, match="cannot be"):
        make()
