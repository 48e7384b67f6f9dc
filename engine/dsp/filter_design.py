"""Low-pass prototypes for the resampler: Kaiser's windowed sinc, and the same response with the least delay."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Taps = NDArray[np.float64]

_CEPSTRUM_OVERSAMPLING, _SHORTEST_CEPSTRUM = 16, 1 << 14
"""The cepstrum is longer than the filter by this, and at least so long: a deep stopband's decays slowly and would fold
over. Of filters of 192 to 16,384 taps the stopband is within 0.2 dB of that with 64 times the length."""
_FLOOR_DB = -180.0
"""Zeros on the unit circle have no logarithm; this far down nobody hears the difference."""


def kaiser_lowpass(length: int, cutoff: float, attenuation_db: float) -> Taps:
    """Return the linear-phase low-pass with unit gain at 0 Hz.

    Args:
        length: Number of taps.
        cutoff: Middle of the transition, in cycles per sample.
        attenuation_db: Of the stopband, above 50 dB.
    """
    # Kaiser's fit of the window to the stopband (Oppenheim and Schafer, Discrete-Time Signal Processing, 7.5).
    beta = 0.1102 * (attenuation_db - 8.7)
    place = np.arange(length) - (length - 1) / 2
    taps: Taps = 2 * cutoff * np.sinc(2 * cutoff * place) * np.kaiser(length, beta)
    return taps / taps.sum()


def minimum_phase(taps: Taps) -> Taps:
    """Return the filter of the same length and magnitude whose energy comes as early as it can.

    By the real cepstrum folded onto positive time (Oppenheim and Schafer, Discrete-Time Signal Processing, 13.5).
    """
    size = 1 << (max(len(taps) * _CEPSTRUM_OVERSAMPLING, _SHORTEST_CEPSTRUM) - 1).bit_length()
    magnitude = np.abs(np.fft.rfft(taps, size))
    floor = magnitude.max() * 10 ** (_FLOOR_DB / 20)
    cepstrum = np.fft.irfft(np.log(np.maximum(magnitude, floor)), size)
    cepstrum[1 : size // 2] *= 2.0
    cepstrum[size // 2 + 1 :] = 0.0
    early: Taps = np.fft.irfft(np.exp(np.fft.rfft(cepstrum)), size)[: len(taps)]
    return early / early.sum()


def group_delay(taps: Taps | NDArray[np.float32], frequency: float) -> float:
    """Delay in samples at a frequency in cycles per sample: the centroid of `taps` as that frequency sees it."""
    turn = np.exp(-2j * np.pi * frequency * np.arange(len(taps)))
    return float(np.real(np.sum(np.arange(len(taps)) * taps * turn) / np.sum(taps * turn)))
