"""The test signal of the sound check: a logarithmic sweep, and how it is found again in a recording.

The instantaneous frequency f(t) = low * (high / low) ** (t / T) grows by equal factors in equal times (Farina,
"Simultaneous measurement of impulse response and distortion with a swept-sine technique", AES 108, 2000). Heard at
another speed, as by a device that runs at another rate than it says, it is another sweep and correlates with nothing of
the first: so the speed can be told.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.dsp.meter import db_to_linear

_LOW_HZ = 150.0
_HIGH_HZ = 14000.0
_FADE_S = 0.02
_SEARCH_RATE_HZ = 16000
"""The search looks below 8 kHz only: there every device has something, and it costs a third."""
_FOUND = 10.0
"""Peak of the correlation over its RMS. White noise, hum and speech alone reached 6.2, 5.7 and 7.0; the sweep 20 dB
below the noise 32, 10 dB below speech 26, in a room whose echoes are 10 dB above the direct sound 38."""
_FOUND_AT_WRONG_SPEED, _CLEARLY_BETTER = 20.0, 1.5
"""To be sure that a device runs wrong: the true speed stood out of all others 2 to 8 times, in such a room 1.1."""
_RATES_HZ = (8000, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000)
_FASTEST = 3.0


@dataclass(frozen=True, slots=True)
class Sweep:
    """A sweep as a speaker of some rate plays it.

    Example:
        >>> Sweep.for_rate(48000).samples(48000).size
        96000
    """

    high_hz: float
    seconds: float = 2.0
    level_db: float = -12.0

    @classmethod
    def for_rate(cls, rate_hz: int) -> Sweep:
        """The widest one that a speaker of this rate can play."""
        return cls(min(_HIGH_HZ, 0.45 * rate_hz))

    def samples(self, rate_hz: int, speed: float = 1.0) -> NDArray[np.float32]:
        """Return it at a rate, float32 (frames,), faded at both ends.

        Args:
            rate_hz: Sample rate.
            speed: 2.0 is an octave higher and takes half as long.
        """
        time_s = np.arange(int(rate_hz * self.seconds / speed)) * (speed / rate_hz)
        growth = math.log(self.high_hz / _LOW_HZ) / self.seconds
        phase = 2 * np.pi * _LOW_HZ / growth * np.expm1(growth * time_s)
        edges = np.minimum(time_s, self.seconds - time_s) / _FADE_S
        return (db_to_linear(self.level_db) * np.sin(phase) * np.clip(edges, 0, 1)).astype(np.float32)


def speed_of_sweep(recording: NDArray[np.float32], rate_hz: int, sweep: Sweep) -> float | None:
    """Return at which speed a recording holds the sweep: 1.0 is right; None where it does not hold it at all.

    Args:
        recording: Mono, float32 (frames,), at least as long as the sweep.
        rate_hz: The rate it is said to have.
        sweep: The sweep that was played.

    Example:
        >>> sweep = Sweep.for_rate(44100)
        >>> speed_of_sweep(sweep.samples(44100), 48000, sweep) == 48000 / 44100
        True
    """
    heard = _at_search_rate(recording, rate_hz)
    likeness = {speed: _prominence(heard, sweep, speed) for speed in _speeds()}
    second, best = sorted(likeness, key=lambda speed: likeness[speed])[-2:]
    if likeness[best] >= max(_FOUND_AT_WRONG_SPEED, _CLEARLY_BETTER * likeness[second]):
        return best
    return 1.0 if likeness[1.0] >= _FOUND else None


def place_of_sweep(recording: NDArray[np.float32], rate_hz: int, sweep: Sweep) -> float:
    """Return after how many seconds the sweep begins in a recording that holds it; exact to a sixteenth of a ms.

    Args:
        recording: Mono, float32 (frames,).
        rate_hz: Its rate.
        sweep: The sweep that was played.
    """
    correlation = _correlate(_at_search_rate(recording, rate_hz), sweep, 1.0)
    return int(np.argmax(np.abs(correlation))) / _SEARCH_RATE_HZ


def _speeds() -> list[float]:
    ratios = {round(taken / was, 6): taken / was for was in _RATES_HZ for taken in _RATES_HZ}
    return [ratio for ratio in ratios.values() if 1 / _FASTEST <= ratio <= _FASTEST]


def _prominence(heard: NDArray[np.float64], sweep: Sweep, speed: float) -> float:
    """Prominence of the best place for the sweep: the peak of the correlation over its RMS."""
    correlation = _correlate(heard, sweep, speed)
    rms = float(np.sqrt(np.mean(correlation**2)))
    return float(np.max(np.abs(correlation))) / rms if rms > 0 else 0.0


def _correlate(heard: NDArray[np.float64], sweep: Sweep, speed: float) -> NDArray[np.float64]:
    """Correlation of the recording and the sweep at each place where it may begin."""
    template = sweep.samples(_SEARCH_RATE_HZ, speed).astype(np.float64)
    # What lies above half the rate at this speed would be folded back.
    growth = math.log(sweep.high_hz / _LOW_HZ) / sweep.seconds
    audible_s = math.log(0.45 * _SEARCH_RATE_HZ / speed / _LOW_HZ) / growth / speed
    template = template[: int(audible_s * _SEARCH_RATE_HZ)]
    size = 1 << (heard.size + template.size).bit_length()
    return np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(template, size)), size)[: heard.size]


def _at_search_rate(recording: NDArray[np.float32], rate_hz: int) -> NDArray[np.float64]:
    """Resampled by cutting, or padding, the spectrum."""
    spectrum = np.fft.rfft(recording.astype(np.float64))
    frames = round(recording.size * _SEARCH_RATE_HZ / rate_hz)
    return np.fft.irfft(spectrum[: frames // 2 + 1], frames)
