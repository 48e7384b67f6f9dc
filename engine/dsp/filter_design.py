"""Low-pass prototypes for the resampler: Kaiser's windowed sinc, and the same response with the least delay."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Taps = NDArray[np.float64]

_CEPSTRUM_OVERSAMPLING = 64
"""Longer than the filter by this: the cepstrum of a deep stopband decays slowly and would fold over."""
_FLOOR_DB = -180.0
"""Zeros on the unit circle have no logarithm; this far down nobody hears the difference."""


def kaiser_length(attenuation_db: float, transition: float) -> int:
    """Taps of a Kaiser low-pass (Kaiser 1974).

    Args:
        attenuation_db: Of the stopband, above 50 dB.
        transition: From the end of the passband to the beginning of the stopband, in cycles per sample.
    """
    return math.ceil((attenuation_db - 7.95) / (14.36 * transition)) + 1


def kaiser_lowpass(length: int, cutoff: float, attenuation_db: float) -> Taps:
    """Return the linear-phase low-pass with unit gain at 0 Hz.

    Args:
        length: Number of taps.
        cutoff: Middle of the transition, in cycles per sample.
        attenuation_db: Of the stopband, above 50 dB.
    """
    beta = 0.1102 * (attenuation_db - 8.7)
    place = np.arange(length) - (length - 1) / 2
    taps: Taps = 2 * cutoff * np.sinc(2 * cutoff * place) * np.kaiser(length, beta)
    return taps / taps.sum()


def minimum_phase(taps: Taps) -> Taps:
    """Return the filter of the same length and magnitude whose energy comes as early as it can.

    By the real cepstrum folded onto positive time (Oppenheim and Schafer, Discrete-Time Signal Processing, 13.5).
    """
    size = 1 << (len(taps) * _CEPSTRUM_OVERSAMPLING - 1).bit_length()
    magnitude = np.abs(np.fft.fft(taps, size))
    floor = magnitude.max() * 10 ** (_FLOOR_DB / 20)
    cepstrum = np.fft.ifft(np.log(np.maximum(magnitude, floor))).real
    fold = np.zeros(size)
    fold[0] = fold[size // 2] = 1.0
    fold[1 : size // 2] = 2.0
    early: Taps = np.fft.ifft(np.exp(np.fft.fft(cepstrum * fold))).real[: len(taps)]
    return early / early.sum()


def group_delay(taps: Taps, frequency: float) -> float:
    """Delay in samples at a frequency in cycles per sample: the centroid of `taps` as that frequency sees it."""
    turn = np.exp(-2j * np.pi * frequency * np.arange(len(taps)))
    return float(np.real(np.sum(np.arange(len(taps)) * taps * turn) / np.sum(taps * turn)))
