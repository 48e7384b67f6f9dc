"""A sound that is found again in a recording: a chirp."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Signal = NDArray[np.float32]

CHIRP_S = 0.05
_LOWEST_HZ, _HIGHEST_HZ = 300.0, 7000.0
"""Band that every speaker plays and every microphone hears, a telephone's at 16 kHz included."""
_LEVEL = 0.5
_EDGE = 0.1
"""Share of the chirp that fades in and out: a step would be heard as a click, and ring in every filter."""


@dataclass(frozen=True, slots=True)
class Found:
    """Place of a probe in a recording."""

    position: float
    """Position of its first sample, to a fraction of one."""
    amplitude_ratio: float
    """Recorded to played; 1.0 is as loud."""
    likeness: float
    """Normalised correlation of the place with the probe: 1.0 is the same, noise is about 0."""


def chirp(rate_hz: int) -> Signal:
    """Return a linear sweep of 50 ms, 300 to 7000 Hz, that fades in and out.

    Args:
        rate_hz: Of the samples; above 14 kHz.

    Example:
        >>> chirp(48000).size
        2400
    """
    count = round(CHIRP_S * rate_hz)
    time_s = np.arange(count) / rate_hz
    phase = 2 * np.pi * (_LOWEST_HZ * time_s + (_HIGHEST_HZ - _LOWEST_HZ) / (2 * CHIRP_S) * time_s**2)
    return np.asarray(_LEVEL * np.sin(phase) * _edges(count), np.float32)


def find(probe: Signal, recording: Signal) -> Found:
    """Look for a probe in a recording, in either polarity.

    Args:
        probe: float32, one channel.
        recording: float32, one channel, at least as long.

    Returns:
        The best place, however bad: the caller judges by likeness. The position between samples is the
        vertex of the parabola through the peak and its neighbours.
    """
    matches = correlate(probe, recording)
    peak = int(np.argmax(np.abs(matches)))
    energy = float(np.sum(probe.astype(np.float64) ** 2))
    heard = recording[peak : peak + probe.size].astype(np.float64)
    loudness = float(np.sqrt(np.sum(heard**2) * energy))
    aside, height = _vertex(np.abs(matches), peak)
    return Found(
        position=peak + aside,
        amplitude_ratio=height / energy,
        likeness=height / loudness if loudness else 0.0,
    )


def correlate(probe: Signal, recording: Signal) -> NDArray[np.float64]:
    """Cross-correlation at every place where the probe lies wholly in the recording, through the FFT."""
    size = 1 << (recording.size + probe.size).bit_length()
    spectrum = np.fft.rfft(recording, size) * np.conj(np.fft.rfft(probe, size))
    return np.fft.irfft(spectrum, size)[: max(1, recording.size - probe.size + 1)]


def _edges(count: int) -> NDArray[np.float64]:
    """1 in the middle, a raised cosine at both ends."""
    rise = max(1, round(_EDGE * count))
    window = np.ones(count)
    window[:rise] = 0.5 - 0.5 * np.cos(np.pi * (np.arange(rise) + 0.5) / rise)
    window[-rise:] = window[:rise][::-1]
    return window


def _vertex(heights: NDArray[np.float64], peak: int) -> tuple[float, float]:
    """Vertex of the parabola through a peak and its neighbours: -0.5 to 0.5 beside it, and its height."""
    at = float(heights[peak])
    if not 0 < peak < heights.size - 1:
        return 0.0, at
    before, after = float(heights[peak - 1]), float(heights[peak + 1])
    bend = before - 2 * at + after
    aside = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return aside, at - 0.25 * (before - after) * aside
