"""The filters from one rate to another: a sharp one for doubling or halving, and a bank for the rest of the ratio.

The middle rate is the double of the lower one. Between the two a sharp filter stops what the lower rate cannot hold;
between the middle and the higher rate, whatever that is, a bank only has to stop images far above the band, for which
16 taps are enough. Where the rate falls by little, the middle is the double of the higher rate: the sharp filter is
then a little longer, but the bank has half as many outputs to compute.
"""

from __future__ import annotations

import functools
import hashlib
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.dsp.compile.cache import keep, kept

Samples = NDArray[np.float32]
Taps = NDArray[np.float64]

_SHARP_TAPS, _SHARP_CUTOFF, _SHARP_DB = 95, 0.956, 134.5
"""Length in samples of the lower rate, middle of the transition in its Nyquist frequencies, attenuation. The response
is flat to 0.09 dB up to 0.9 and 133 dB down from 1.05; with 88 taps it would be 108 dB."""
_BANK_TAPS, _BANK_CUTOFF, _BANK_DB = 16, 0.45, 140.0
"""Length in samples of the middle rate, middle of the transition in cycles per such sample, attenuation. The response
is flat to 0.005 dB up to 0.225 and 137 dB down where images begin, at 0.7375."""
_NEAR = 0.8
"""A rate that falls to no less than this is doubled first, which takes less time than to halve it at the end."""
_FEWEST_POINTS, _INTERPOLATED_POINTS, _MOST_POINTS = 64, 512, 1024
"""Points of the bank's filter per sample of the middle rate. Fewer than 64 cost attenuation. If 1024 suffice for a row
for every place that outputs have between two inputs, the bank is exact; else outputs are interpolated between rows,
linearly, which 512 points make right to 130 dB."""
_VECTOR = 16
"""Rows of a bank are filled up to a multiple of this."""
_UNIT_BITS = 40
"""Places between rows are counted in units of 2**-40 of an input: the rate is right to a part in 10**12."""
_DELAY_SEEN_AT_HZ = 1000.0
_CEPSTRUM_OVERSAMPLING, _SHORTEST_CEPSTRUM = 16, 1 << 14
"""The cepstrum is longer than the filter by this, and at least so long: a deep stopband's decays slowly and would fold
over. Of filters of 192 to 16,384 taps the stopband is within 0.2 dB of that with 64 times the length."""
_FLOOR_DB = -180.0
"""Zeros on the unit circle have no logarithm; this far down nobody hears the difference."""


@dataclass(frozen=True, slots=True)
class Bank:
    """Size and rhythm of a bank."""

    phases: int
    """Rows for places from one input up to the next; one more row, for the next input, ends the table."""
    taps: int
    """Length of a row, oldest sample first."""
    shift: int
    """Places are counted in units of 1 / (phases << shift) of an input; 0 where all lie on rows."""
    step: int
    """Units from one output to the next."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Filters of one pair of rates, shared by its resamplers."""

    doubles: bool
    """True where the sharp filter comes first, and doubles; else it comes last, and halves."""
    sharp: Samples
    """At the middle rate, newest sample first; unit gain at 0 Hz."""
    bank: Bank | None
    """None where the sharp filter is all."""
    table: Samples
    """The bank's rows, one behind the other."""
    delay_s: float
    """Group delay at 1 kHz."""
    length_s: float
    """Length of the filters' memory."""


@functools.lru_cache(maxsize=32)
def filters_for(source_hz: int, target_hz: int, *, adjustable: bool = False) -> Filters:
    """Return the filters of a pair of rates: those kept on disk, or designed in 1 to 30 ms and 8 MB.

    Args:
        source_hz: Rate of what goes in.
        target_hz: Rate of what comes out.
        adjustable: There is always a bank, and it is interpolated.
    """
    low_hz, doubles = min(source_hz, target_hz), target_hz > _NEAR * source_hz
    middle_hz = 2 * (source_hz if doubles else target_hz)
    bank_hz = (middle_hz, target_hz) if doubles else (source_hz, middle_hz)
    bank = _bank(*bank_hz, middle_hz, adjustable) if adjustable or bank_hz[0] != bank_hz[1] else None
    sharp_taps = 2 * math.ceil(_SHARP_TAPS * middle_hz / low_hz / 2)
    size = sharp_taps if bank is None else sharp_taps + (bank.phases + 1) * bank.taps
    name = f"filters-{source_hz}-{target_hz}-{'adjustable-' * adjustable}{_designer()}"
    data = next((data for _, data in kept(name) if len(data) == 4 * size), None)
    if data is None:
        prototype = _kaiser_lowpass(sharp_taps, _SHARP_CUTOFF * low_hz / 2 / middle_hz, _SHARP_DB)
        rows = [] if bank is None else [_bank_table(bank, bank_hz[0] / middle_hz).reshape(-1)]
        data = np.concatenate([_minimum_phase(prototype), *rows]).astype(np.float32).tobytes()
        keep(name, data)
    coefficients = np.frombuffer(data, np.float32)
    sharp, table = coefficients[:sharp_taps], coefficients[sharp_taps:]
    seen_at_hz = min(_DELAY_SEEN_AT_HZ, low_hz / 4)
    delay_s = _group_delay(sharp, seen_at_hz / middle_hz) / middle_hz
    length_s = (sharp_taps + _BANK_TAPS) / middle_hz
    if bank is not None:
        delay_s += _group_delay(table[: bank.taps][::-1], seen_at_hz / bank_hz[0]) / bank_hz[0]
    return Filters(doubles, sharp, bank, table, delay_s, length_s)


@functools.cache
def _designer() -> str:
    """Return a fingerprint of the code that designs, so that what another version designed is not taken."""
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16]


def _bank(source_hz: int, target_hz: int, middle_hz: int, interpolated: bool) -> Bank:
    """The bank from one rate to another, of which one is `middle_hz`."""
    common = math.gcd(source_hz, target_hz)
    up, down = target_hz // common, source_hz // common
    taps = math.ceil(_BANK_TAPS * source_hz / middle_hz / _VECTOR) * _VECTOR
    if not interpolated and up * source_hz <= _MOST_POINTS * middle_hz:
        repeats = math.ceil(_FEWEST_POINTS * middle_hz / (up * source_hz))
        return Bank(up * repeats, taps, 0, down * repeats)
    phases = math.ceil(_INTERPOLATED_POINTS * middle_hz / source_hz)
    shift = _UNIT_BITS - phases.bit_length()
    return Bank(phases, taps, shift, round((phases << shift) * down / up))


def _bank_table(bank: Bank, inputs: float) -> NDArray[np.float64]:
    """Design the rows of a bank that has so many inputs per sample of the middle rate."""
    points = bank.phases * inputs
    prototype = _minimum_phase(_kaiser_lowpass(round(_BANK_TAPS * points), _BANK_CUTOFF / points, _BANK_DB))
    padded = np.zeros((bank.taps + 1) * bank.phases)
    padded[: len(prototype)] = bank.phases * prototype
    # Row r holds what lies r / phases of an input behind the newest sample, the one before it, and so on.
    rows = padded.reshape(bank.taps + 1, bank.phases).T
    return np.vstack([rows[:, :-1], rows[:1, 1:]])[:, ::-1]


def _kaiser_lowpass(length: int, cutoff: float, attenuation_db: float) -> Taps:
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


def _minimum_phase(taps: Taps) -> Taps:
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


def _group_delay(taps: Taps | NDArray[np.float32], frequency: float) -> float:
    """Delay in samples at a frequency in cycles per sample: the centroid of `taps` as that frequency sees it."""
    turn = np.exp(-2j * np.pi * frequency * np.arange(len(taps)))
    return float(np.real(np.sum(np.arange(len(taps)) * taps * turn) / np.sum(taps * turn)))
