"""Acoustic path from a loudspeaker to a microphone: distortion, an impulse response, a level and a delay."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.report.rivals import find_rival

Signal = NDArray[np.float32]

_DRIVE = 1.66
"""A sine at half of full scale leaves `distort` with 5 % of its third harmonic and above."""
_SEED = 17
_ROOM_M, _SPEAKER_M, _MICROPHONE_M = [5.0, 4.0, 2.5], [2.5, 1.5, 1.0], [2.5, 1.9, 1.1]


def distort(played: Signal) -> Signal:
    """Saturate as a small loudspeaker does: 5 % distortion of a sine at half of full scale.

    Example:
        >>> float(distort(np.ones(1, np.float32))[0]) < 0.6
        True
    """
    return np.asarray(np.tanh(_DRIVE * played) / _DRIVE, np.float32)


def synthetic_room(rt60_ms: float, rate_hz: int, *, gain_db: float = -6.0, seed: int = _SEED) -> Signal:
    """Return the impulse response of a room: the direct sound, and as much energy again in noise that decays.

    Args:
        rt60_ms: Time in which the noise falls by 60 dB; the response is as long.
        rate_hz: Of the samples.
        gain_db: Level of white noise behind the path, relative to before it.
        seed: Another room of the same kind.
    """
    count = max(1, round(rate_hz * rt60_ms / 1000))
    tail = np.random.default_rng(seed).standard_normal(count) * 10 ** (-3 * np.arange(count) / count)
    tail /= np.linalg.norm(tail)
    tail[0] += 1.0
    return np.asarray(tail * 10 ** (gain_db / 20) / np.linalg.norm(tail), np.float32)


def simulated_room(rt60_ms: float, rate_hz: int, *, gain_db: float = -6.0) -> tuple[Signal, str]:
    """Return the impulse response of a shoebox room by pyroomacoustics, else a synthetic one; and which it is.

    Speaker and microphone are 41 cm apart on a table in the middle of 5 m x 4 m x 2.5 m.
    """
    acoustics = find_rival("pyroomacoustics")
    if acoustics is None:
        return synthetic_room(rt60_ms, rate_hz, gain_db=gain_db), "synthetic"
    absorption, order = acoustics.inverse_sabine(rt60_ms / 1000, _ROOM_M)
    room = acoustics.ShoeBox(_ROOM_M, fs=rate_hz, materials=acoustics.Material(absorption), max_order=order)
    room.add_source(_SPEAKER_M)
    room.add_microphone(_MICROPHONE_M)
    room.compute_rir()
    response = np.asarray(room.rir[0][0])
    return np.asarray(response * 10 ** (gain_db / 20) / np.linalg.norm(response), np.float32), "pyroomacoustics"
