"""Listens to a recording with a program: where the reference begins in it, how like it is, and what is missing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Signal = NDArray[np.float32]

_WINDOW_S = 0.5
_LAST_S = 0.025
_LEAST_LIKENESS = 0.7
"""A fade of 8 ms takes some of it."""
_SMOOTHED_MS = 5
_WANDER_S = 0.002
"""How far a window may lie from where the first one says: two clocks and two resamplers stand in between."""


class UnlikeError(Exception):
    """A recording is not what it was compared with."""


def offset_of(heard: Signal, reference: Signal) -> int:
    """Where the reference begins in the recording: the peak of their cross-correlation."""
    return int(np.argmax(_matches(heard, reference)[: heard.size]))


def likeness(heard: Signal, reference: Signal, rate_hz: int) -> float:
    """Normalised correlation of the aligned recording with the whole reference: 1.0 is the same, 0.0 is nothing of it.

    Each half second may wander by 2 ms; a piece that is missing, doubled or displaced by more lowers the figure.
    """
    start = offset_of(heard, reference)
    padded = np.pad(heard[start:], (0, max(0, reference.size - heard.size + start)))
    margin = round(_WANDER_S * rate_hz)
    padded = np.pad(padded, (margin, reference.size))
    window = round(_WINDOW_S * rate_hz)
    together = energy_heard = energy_reference = 0.0
    for at in range(0, reference.size, window):
        expected = reference[at : at + window].astype(np.float64)
        near = padded[at : at + expected.size + 2 * margin].astype(np.float64)
        matches = _matches(near, expected)[: 2 * margin + 1]
        best = int(np.argmax(matches))
        together += matches[best]
        energy_heard += float(np.sum(near[best : best + expected.size] ** 2))
        energy_reference += float(np.sum(expected**2))
    return together / float(np.sqrt(energy_heard * energy_reference) or 1.0)


def longest_gap_ms(heard: Signal, reference: Signal, rate_hz: int) -> float:
    """The longest stretch in which the reference sounds and the aligned recording does not."""
    start = offset_of(heard, reference)
    step = rate_hz // 1000
    count = reference.size // step
    expected = _levels(reference, step, count)
    got = _levels(np.pad(heard[start:], (0, reference.size)), step, count)
    loud = expected.max()
    broken = (expected > loud * 0.05) & (got < loud * 0.005)
    longest = _longest_run(broken)
    return float(longest + _SMOOTHED_MS - 1) if longest else 0.0


def sounding_ends_at(heard: Signal, threshold: float = 1e-3) -> int:
    """Index after the last sample that is louder than the threshold; 0 where none is."""
    loud = np.flatnonzero(np.abs(heard) > threshold)
    return int(loud[-1]) + 1 if loud.size else 0


def end_in(reference: Signal, sound: Signal, rate_hz: int) -> int:
    """How many frames of the reference lie before the end of a sound that is a part of it, told by its last 25 ms.

    Raises:
        UnlikeError: its end is no part of the reference: it is another sound, or a sound server lost some of it.
    """
    window = sound[-round(_LAST_S * rate_hz) :].astype(np.float64)
    padded = np.pad(reference.astype(np.float64), (window.size, window.size))
    matches = _matches(padded, window)[: padded.size - window.size]
    at = int(np.argmax(matches))
    norm = float(np.linalg.norm(window) * np.linalg.norm(padded[at : at + window.size]))
    likeness_there = matches[at] / (norm or 1.0)
    if likeness_there < _LEAST_LIKENESS:
        raise UnlikeError(f"its end is no part of the reference: likeness {likeness_there:.2f}")
    return at


def _matches(signal: NDArray[np.floating], part: NDArray[np.floating]) -> NDArray[np.float64]:
    """Products of a part with what lies from each place on; by the spectrum, as `correlate` waits for threads."""
    size = 1 << (signal.size + part.size).bit_length()
    return np.fft.irfft(np.fft.rfft(signal, size) * np.conj(np.fft.rfft(part, size)), size)


def _levels(signal: Signal, step: int, count: int) -> NDArray[np.float64]:
    """RMS of each millisecond, over the 5 ms around it: a zero crossing is no silence, and a gap looks 4 ms shorter."""
    squares = signal[: count * step].astype(np.float64).reshape(count, step) ** 2
    window = np.ones(_SMOOTHED_MS) / _SMOOTHED_MS
    return np.asarray(np.sqrt(np.convolve(squares.mean(axis=1), window, "same")))


def _longest_run(flags: NDArray[np.bool_]) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return int(np.max(edges[1::2] - edges[::2])) if edges.size else 0
