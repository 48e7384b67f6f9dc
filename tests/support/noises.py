"""Sounds of a room that nobody means: coughs, key clicks and doors, synthesised; each one is a little different."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Noise = NDArray[np.int16]
_PEAK = 0.5


def cough(dice: np.random.Generator, rate_hz: int) -> Noise:
    """Two bursts of breath through a throat, of a tenth of a second and a half: noise with formants, and no pitch."""
    explosion = _band(dice, rate_hz, 0.06, 300, 6000) * _decay(rate_hz, 0.06, dice.uniform(20, 40))
    breath = _band(dice, rate_hz, 0.3, 400, 3000) * _decay(rate_hz, 0.3, dice.uniform(60, 100))
    formant = _band(dice, rate_hz, 0.3, 900, 1500) * _decay(rate_hz, 0.3, 80)
    burst = np.concatenate([explosion, 0.5 * breath + 0.3 * formant])
    pause = np.zeros(round(dice.uniform(0.1, 0.2) * rate_hz))
    return _to_pcm16(np.concatenate([burst, pause, dice.uniform(0.4, 0.8) * burst]))


def key_clicks(dice: np.random.Generator, rate_hz: int) -> Noise:
    """Five keys in a second: a click as each goes down, a quieter one as it comes up."""
    sound = np.zeros(rate_hz)
    for at_s in np.sort(dice.uniform(0, 0.85, 5)):
        for later_s, level in ((0.0, 1.0), (dice.uniform(0.06, 0.1), 0.4)):
            click = level * _band(dice, rate_hz, 0.02, 1500, 9000) * _decay(rate_hz, 0.02, 3)
            begin = round((at_s + later_s) * rate_hz)
            click = click[: sound.size - begin]
            sound[begin : begin + click.size] += click
    return _to_pcm16(sound)


def door_slam(dice: np.random.Generator, rate_hz: int) -> Noise:
    """A thud of wood below 200 Hz, the latch, and the room after it."""
    thud = _band(dice, rate_hz, 0.6, 40, 200) * _decay(rate_hz, 0.6, dice.uniform(60, 120))
    latch = np.pad(
        _band(dice, rate_hz, 0.08, 800, 5000) * _decay(rate_hz, 0.08, 12), (0, thud.size - round(0.08 * rate_hz))
    )
    room = _band(dice, rate_hz, 0.6, 100, 2000) * _decay(rate_hz, 0.6, 100)
    return _to_pcm16(thud + dice.uniform(0.2, 0.5) * latch + 0.2 * room)


NOISES: dict[str, Callable[[np.random.Generator, int], Noise]] = {
    "cough": cough,
    "key clicks": key_clicks,
    "door slam": door_slam,
}


def _band(
    dice: np.random.Generator, rate_hz: int, seconds: float, low_hz: float, high_hz: float
) -> NDArray[np.float64]:
    """Noise of RMS 1 in a band."""
    count = round(seconds * rate_hz)
    spectrum = np.fft.rfft(dice.standard_normal(count))
    frequencies = np.fft.rfftfreq(count, 1 / rate_hz)
    spectrum[(frequencies < low_hz) | (frequencies > high_hz)] = 0
    noise = np.fft.irfft(spectrum, count)
    return np.asarray(noise / np.std(noise))


def _decay(rate_hz: int, seconds: float, time_constant_ms: float) -> NDArray[np.float64]:
    time_ms = np.arange(round(seconds * rate_hz)) * 1000 / rate_hz
    return np.asarray(np.minimum(1.0, time_ms / 2) * np.exp(-time_ms / time_constant_ms))


def _to_pcm16(sound: NDArray[np.float64]) -> Noise:
    return np.asarray(np.round(sound / np.max(np.abs(sound)) * _PEAK * 32767), np.int16)
