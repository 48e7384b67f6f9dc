"""Spectrum of a recording, and what it tells about its way: mains hum, and an edge above which there is nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_Spectrum = NDArray[np.floating]
_MAINS_HZ = (50.0, 60.0)
_HARMONICS = 8
_LINE_HZ, _BESIDE_HZ = 2.0, 8.0
_STANDS_OUT_DB = 10.0
_SOUND_HZ = (20.0, 8000.0)
_WINDOW_FRAMES = 2048
_EDGES_HZ = {4000: ((2400.0, 3300.0), (4600.0, 6500.0)), 8000: ((5000.0, 6700.0), (9000.0, 11000.0))}
"""The limits of telephone codecs on Bluetooth (CVSD 4 kHz, mSBC 8 kHz), and the bands below and above them: their
filters begin at 3.4 and 7 kHz."""
_CLIFF_DB = 30.0
"""From below the edge to above it, noise and the sweep fell by 0 to 6 dB; resampled from 8 or 16 kHz, in 16 bits, the
sweep fell by 86 dB, a hundredth of it by 46, and the noise of a quiet room by 21, where only a rate or a name tells."""
_NOTHING_DB = -130.0


@dataclass(frozen=True, slots=True)
class Hum:
    """The mains, heard."""

    mains_hz: int
    level_db: float
    """RMS of the mains frequency and its harmonics, in dBFS."""
    share: float
    """Share of the power of everything that was heard."""


def find_hum(samples: NDArray[np.float32], rate_hz: int) -> Hum | None:
    """Return the mains frequency that is heard with its harmonics, whichever is louder; None where neither stands out.

    Args:
        samples: Mono, float32 (frames,), at least a second of a quiet room.
        rate_hz: Their rate.

    Example:
        >>> time_s = np.arange(48000) / 48000
        >>> hum = 0.01 * np.sin(2 * np.pi * 50 * time_s) + 0.005 * np.sin(2 * np.pi * 150 * time_s)
        >>> find_hum(hum.astype(np.float32), 48000).mains_hz
        50
    """
    window = np.hanning(samples.size)
    power = 2 * np.abs(np.fft.rfft(samples.astype(np.float64) * window)) ** 2 / (samples.size * np.sum(window**2))
    frequency_hz = np.fft.rfftfreq(samples.size, 1 / rate_hz)
    everything = float(np.sum(power[(frequency_hz >= _SOUND_HZ[0]) & (frequency_hz <= _SOUND_HZ[1])]))
    if everything <= 0:
        return None
    lines = {mains_hz: _power_of_lines(power, frequency_hz, mains_hz) for mains_hz in _MAINS_HZ}
    loudest = max(lines, key=lambda mains_hz: lines[mains_hz])
    if lines[loudest] <= 0:
        return None
    return Hum(round(loudest), 10 * float(np.log10(lines[loudest])), min(1.0, lines[loudest] / everything))


def _power_of_lines(power: _Spectrum, frequency_hz: _Spectrum, mains_hz: float) -> float:
    total = 0.0
    for line_hz in mains_hz * np.arange(1, _HARMONICS + 1):
        distance_hz = np.abs(frequency_hz - line_hz)
        line = power[distance_hz <= _LINE_HZ]
        beside = power[(distance_hz > _LINE_HZ) & (distance_hz <= _BESIDE_HZ)]
        if line.size and beside.size and np.max(line) > 10 ** (_STANDS_OUT_DB / 10) * np.median(beside):
            total += float(np.sum(line))
    return total


def find_band_limit_hz(samples: NDArray[np.float32], rate_hz: int, *, up_to_hz: float) -> int | None:
    """Return 4000 or 8000 where the spectrum ends there as if cut off; None where it goes on.

    Args:
        samples: Mono, float32 (frames,), with sound in them.
        rate_hz: Their rate.
        up_to_hz: As far as what was played reaches; above it nothing is expected.

    Example:
        >>> import soxr
        >>> noise = np.random.default_rng(1).standard_normal(16000).astype(np.float32)
        >>> find_band_limit_hz(soxr.resample(noise, 16000, 48000), 48000, up_to_hz=14000)
        8000
    """
    level_db, frequency_hz = _density(samples, rate_hz)
    for edge_hz, (below, above) in _EDGES_HZ.items():
        if above[1] > min(up_to_hz, rate_hz / 2):
            break
        below_db, above_db = (
            float(np.median(level_db[(frequency_hz >= low) & (frequency_hz <= high)])) for low, high in (below, above)
        )
        if below_db > _NOTHING_DB + _CLIFF_DB and below_db - above_db >= _CLIFF_DB:
            return edge_hz
    return None


def _density(samples: NDArray[np.float32], rate_hz: int) -> tuple[_Spectrum, _Spectrum]:
    """Mean power of each frequency over the whole recording (Welch), in dB, and the frequencies in Hz."""
    padded = np.pad(samples.astype(np.float64), (0, max(0, _WINDOW_FRAMES - samples.size)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW_FRAMES)[:: _WINDOW_FRAMES // 2]
    power = np.mean(np.abs(np.fft.rfft(windows * np.blackman(_WINDOW_FRAMES))) ** 2, axis=0) / _WINDOW_FRAMES
    floor = 10 ** (_NOTHING_DB / 10)
    return 10 * np.log10(np.maximum(power, floor)), np.fft.rfftfreq(_WINDOW_FRAMES, 1 / rate_hz)
