"""Figures of an echo canceller: echo return loss enhancement (ERLE), convergence, and the near end's loss."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.report.rivals import find_rival
from benchmarks.signals.room import Signal

WINDOW_S = 0.5
_SILENT = 10 ** (-60 / 10)
_LOWEST_HZ, _HIGHEST_HZ = 200.0, 4000.0
_PHASE_BLIND_S = 0.032
_STRONG_DB = -35.0
"""Bins of the near end's spectrum above this, relative to its strongest, are what a listener or a recogniser uses."""
_LATEST_S = 0.06
"""Most that the output may lag behind the near end."""


def erle_db(before: Signal, after: Signal) -> float:
    """Return by how much the microphone got quieter.

    Example:
        >>> erle_db(np.ones(100, np.float32), np.full(100, 0.1, np.float32))
        20.0
    """
    return round(10 * float(np.log10(_power(before) / max(_power(after), 1e-12))), 1)


def erle_over_time(before: Signal, after: Signal, rate_hz: int) -> list[float | None]:
    """Return the ERLE of each half second; None where the microphone heard next to nothing."""
    window = round(WINDOW_S * rate_hz)
    starts = range(0, min(before.size, after.size) - window + 1, window)
    pieces = ((before[start : start + window], after[start : start + window]) for start in starts)
    return [erle_db(one, other) if _power(one) > _SILENT else None for one, other in pieces]


def converged_s(erles_db: list[float | None], at_least_db: float = 20.0, hold: int = 4) -> float | None:
    """Return the time after which so many half seconds in a row are good; None where none are."""
    good = [erle is None or erle >= at_least_db for erle in erles_db]
    return next((at * WINDOW_S for at in range(len(good) - hold + 1) if all(good[at : at + hold])), None)


def lag_of(late: Signal, early: Signal, most: int) -> int:
    """Return the frames, fewer than `most`, by which one signal lags: the peak of the whitened cross-correlation."""
    size = 1 << (late.size + early.size).bit_length()
    spectrum = np.fft.rfft(late, size) * np.conj(np.fft.rfft(early, size))
    matches = np.fft.irfft(spectrum / (np.abs(spectrum) + 1e-9), size)
    return int(np.argmax(np.abs(matches[:most])))


def near_loss_db(near: Signal, output: Signal, rate_hz: int) -> float:
    """Return how much of the near end's energy is lost on its way through, where it is strong; blind to phase."""
    before, after = (_magnitudes(signal, rate_hz) for signal in (near, output))
    hop_s = _PHASE_BLIND_S / 4
    length = min(len(before), len(after)) - round(_LATEST_S / hop_s)
    strong = before[:length] > before.max() * 10 ** (_STRONG_DB / 20)
    kept = [np.sum(after[lag : lag + length][strong] ** 2) for lag in range(round(_LATEST_S / hop_s))]
    return round(10 * float(np.log10(np.sum(before[:length][strong] ** 2) / max(kept))), 1)


def intelligibility(near: Signal, output: Signal, rate_hz: int) -> float | None:
    """Return the STOI of the near end, 0 to 1; None where `pystoi` is not installed."""
    pystoi = find_rival("pystoi")
    if pystoi is None:
        return None
    lag = lag_of(output, near, round(_LATEST_S * rate_hz))
    length = min(near.size, output.size - lag)
    return round(float(pystoi.stoi(near[:length], output[lag : lag + length], rate_hz)), 3)


def _power(signal: Signal) -> float:
    return float(np.mean(signal.astype(np.float64) ** 2))


def _magnitudes(signal: Signal, rate_hz: int) -> NDArray[Any]:
    """Spectra of overlapping windows, in the band of speech."""
    size = round(_PHASE_BLIND_S * rate_hz)
    frames = np.lib.stride_tricks.sliding_window_view(signal, size)[:: size // 4] * np.hanning(size)
    frequencies = np.fft.rfftfreq(size, 1 / rate_hz)
    return np.abs(np.fft.rfft(frames, axis=1))[:, (frequencies >= _LOWEST_HZ) & (frequencies < _HIGHEST_HZ)]
