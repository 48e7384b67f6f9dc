"""The measurement of resamplers, on systems whose delay, noise and aliases are known beforehand."""

from __future__ import annotations

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray

from benchmarks.cases.resample import SoxrStream
from benchmarks.signals.resample_quality import measure_quality

_RATE_HZ = 48000


class Delay:
    """Gives everything `late_frames` later, shifted or only withheld."""

    def __init__(self, late_frames: int, *, shifted: bool) -> None:
        self._waiting = np.zeros(late_frames if shifted else 0, np.float32)
        self._kept_frames = 0 if shifted else late_frames

    def process(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return all but what is kept."""
        if not self._kept_frames:
            both = np.concatenate([self._waiting, samples])
            out, self._waiting = both[: samples.size], both[samples.size :]
            return out
        both = np.concatenate([self._waiting, samples])
        end = max(0, both.size - self._kept_frames)
        out, self._waiting = both[:end], both[end:]
        return out

    def flush(self) -> NDArray[np.float32]:
        """Return the rest."""
        return self._waiting


class Noisy:
    """Adds white noise of a known level."""

    def __init__(self, noise_rms: float) -> None:
        self._rng, self._rms = np.random.default_rng(1), noise_rms

    def process(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the block with noise."""
        return (samples + self._rng.normal(0, self._rms, samples.size)).astype(np.float32)

    def flush(self) -> NDArray[np.float32]:
        """Nothing is held back."""
        return np.empty(0, np.float32)


class EverySecond:
    """Halves the rate without any filter: every alias comes through."""

    def process(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return every second sample."""
        return samples[::2]

    def flush(self) -> NDArray[np.float32]:
        """Nothing is held back."""
        return np.empty(0, np.float32)


def test_a_shift_is_group_delay_and_not_withholding() -> None:
    quality = measure_quality(lambda: Delay(96, shifted=True), _RATE_HZ, _RATE_HZ)
    assert quality.group_delay_ms == pytest.approx(2.0, abs=1e-6)
    assert quality.withheld_ms == pytest.approx(0.0, abs=1e-9)
    assert quality.phase == "linear"


def test_withholding_is_no_group_delay() -> None:
    quality = measure_quality(lambda: Delay(480, shifted=False), _RATE_HZ, _RATE_HZ)
    assert quality.group_delay_ms == pytest.approx(0.0, abs=1e-6)
    assert quality.withheld_ms == pytest.approx(10.0)
    assert quality.delay_ms == pytest.approx(10.0)


def test_noise_is_measured_to_a_tenth_of_a_decibel() -> None:
    quality = measure_quality(lambda: Noisy(0.5 / np.sqrt(2) / 1000), _RATE_HZ, _RATE_HZ)
    assert quality.snr_db == pytest.approx(60.0, abs=0.2)


def test_aliases_of_a_missing_filter_are_as_loud_as_the_tone() -> None:
    assert measure_quality(EverySecond, 48000, 24000).rejection_db == pytest.approx(0.0, abs=0.1)


def test_soxr_is_as_good_as_its_authors_say() -> None:
    quality = measure_quality(lambda: SoxrStream(soxr, 24000, 48000, "HQ"), 24000, 48000)
    assert quality.snr_db > 110
    assert quality.rejection_db > 100
    assert abs(quality.group_delay_ms) < 0.01
    assert 10 < quality.withheld_ms < 60
