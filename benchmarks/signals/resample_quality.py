"""Measures a streaming resampler from outside: how late its sound is and what it adds to it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

_BLOCK_MS = 20
_IMPULSE_S = 0.2
_TONE_S = 0.6
_EDGE_S = 0.15
"""Time left out at both ends of a tone: filters ring there."""
_PASSBAND = 0.9
_STOPBAND = 1.05
"""Ends of the passband and start of the stopband, in Nyquist frequencies of the lower rate."""
_CLEANEST_DB = 200.0
"""Level below which float32 leaves nothing to measure."""


class Stream(Protocol):
    """Interface of every resampler under test."""

    def process(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take a block, return what is ready."""

    def flush(self) -> NDArray[np.float32]:
        """Return the tail."""


@dataclass(frozen=True, slots=True)
class Quality:
    """One pair of rates of one resampler."""

    group_delay_ms: float
    """The longest from 100 Hz to 0.8 of the lower Nyquist frequency: how far the sound is shifted."""
    withheld_ms: float
    """The most that had gone in and not come out after any block."""
    snr_db: float
    """The worst of tones up to 0.9 of the lower Nyquist frequency, against all else in the output."""
    rejection_db: float
    """The strongest alias (downwards) or image (upwards) from 1.05 of the lower Nyquist frequency."""
    phase: str
    """`linear` where every frequency is equally late, else `minimum`."""

    @property
    def delay_ms(self) -> float:
        """Lateness of the sound at worst, all together."""
        return self.group_delay_ms + self.withheld_ms


def measure_quality(make: Callable[[], Stream], source_hz: int, target_hz: int) -> Quality:
    """Run impulses and tones through fresh streams made by `make`.

    Args:
        make: Returns a new stream from `source_hz` to `target_hz`.
        source_hz: Rate of what goes in.
        target_hz: Rate of what comes out.
    """
    delays_ms = _group_delays_ms(make(), source_hz, target_hz)
    spread_ms = float(delays_ms.max() - delays_ms.min())
    lower_nyquist_hz = min(source_hz, target_hz) / 2
    tones_hz = [share * lower_nyquist_hz for share in (0.05, 0.31, 0.67, _PASSBAND)]
    return Quality(
        group_delay_ms=float(delays_ms.max()),
        withheld_ms=_withheld_ms(make(), source_hz, target_hz),
        snr_db=min(_snr_db(make(), source_hz, target_hz, tone_hz) for tone_hz in tones_hz),
        rejection_db=_rejection_db(make, source_hz, target_hz),
        phase="linear" if spread_ms < 0.01 else "minimum",
    )


def _through(stream: Stream, samples: NDArray[np.float32], rate_hz: int) -> NDArray[np.float64]:
    frames = rate_hz * _BLOCK_MS // 1000
    # A copy of each: a stream may give its own memory out again.
    blocks = [stream.process(samples[start : start + frames]).copy() for start in range(0, samples.size, frames)]
    return np.concatenate([*blocks, stream.flush()]).astype(np.float64)


def _group_delays_ms(stream: Stream, source_hz: int, target_hz: int) -> NDArray[np.float64]:
    """Delay over frequency, from the impulse response h as Re(FFT(n h) / FFT(h)).

    Source: Smith, Introduction to Digital Filters, "Numerical computation of group delay".
    """
    impulse = np.zeros(round(2 * _IMPULSE_S * source_hz), np.float32)
    at = round(_IMPULSE_S * source_hz)
    impulse[at] = 1.0
    response = _through(stream, impulse, source_hz)
    late_ms = 1000 * (np.arange(response.size) / target_hz - at / source_hz)
    frequencies_hz = np.fft.rfftfreq(response.size, 1 / target_hz)
    band = (frequencies_hz >= 100) & (frequencies_hz <= 0.8 * min(source_hz, target_hz) / 2)
    spectrum = np.fft.rfft(response)[band]
    delays_ms: NDArray[np.float64] = np.real(np.fft.rfft(late_ms * response)[band] / spectrum)
    return delays_ms


def _withheld_ms(stream: Stream, source_hz: int, target_hz: int) -> float:
    frames = source_hz * _BLOCK_MS // 1000
    given_s = taken_s = most_s = 0.0
    for _ in range(1000 // _BLOCK_MS):
        taken_s += frames / source_hz
        given_s += stream.process(np.zeros(frames, np.float32)).size / target_hz
        most_s = max(most_s, taken_s - given_s)
    return 1000 * most_s


def _tone(rate_hz: int, tone_hz: float) -> NDArray[np.float32]:
    return (0.5 * np.sin(2 * np.pi * tone_hz * np.arange(round(_TONE_S * rate_hz)) / rate_hz)).astype(np.float32)


def _middle(samples: NDArray[np.float64], rate_hz: int) -> NDArray[np.float64]:
    edge = round(_EDGE_S * rate_hz)
    return samples[edge:-edge]


def _snr_db(stream: Stream, source_hz: int, target_hz: int, tone_hz: float) -> float:
    """Fit the tone by least squares; what the fit leaves is noise, distortion, aliases and images."""
    out = _middle(_through(stream, _tone(source_hz, tone_hz), source_hz), target_hz)
    angle = 2 * np.pi * tone_hz * np.arange(out.size) / target_hz
    waves = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    fitted = waves @ np.linalg.lstsq(waves, out, rcond=None)[0]
    return _ratio_db(fitted, out - fitted)


def _rejection_db(make: Callable[[], Stream], source_hz: int, target_hz: int) -> float:
    """Downwards: tones that must vanish. Upwards: tones whose images must."""
    lower_nyquist_hz = min(source_hz, target_hz) / 2
    if source_hz < target_hz:
        shares = (2 - _STOPBAND, 0.8, 0.5)
        return min(_snr_db(make(), source_hz, target_hz, share * lower_nyquist_hz) for share in shares)
    heard_db = []
    for tone_hz in np.linspace(_STOPBAND * lower_nyquist_hz, 0.98 * source_hz / 2, 4):
        tone = _tone(source_hz, float(tone_hz))
        out = _middle(_through(make(), tone, source_hz), target_hz)
        heard_db.append(_ratio_db(tone.astype(np.float64), out))
    return min(heard_db)


def _ratio_db(signal: NDArray[np.float64], noise: NDArray[np.float64]) -> float:
    noise_power = float(np.mean(np.square(noise)))
    if noise_power == 0:
        return _CLEANEST_DB
    return min(_CLEANEST_DB, 10 * math.log10(float(np.mean(np.square(signal))) / noise_power))
