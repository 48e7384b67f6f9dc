"""Diagnosis of a microphone and a speaker, from a recording of the quiet room and a sweep, and the fix."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from engine.audio.platforms import JACK, microphone_permission
from engine.audio.soundcheck.spectrum import find_band_limit_hz, find_hum
from engine.audio.soundcheck.sweep import Sweep, place_of_sweep, speed_of_sweep
from engine.dsp.meter import to_db

_SILENT_DB = -70.0
"""RMS of the loudest tenth of a second. A working microphone's own noise lies at -70 to -50 dB; a muted one's at -90,
the last bit of 16."""
_MOMENT_S = 0.1
_FULL_SCALE = 0.9999
_LOUDEST = 10.0
"""20 dB above full scale, which no microphone is."""
_FLAT_FRAMES = 3
"""A wave that only just reaches full scale stays there for a frame or two."""
_HUM_DB, _HUM_SHARE = -65.0, 0.25
_TELEPHONE_RATE_HZ = 16000
_TELEPHONE_NAME = re.compile(r"hands-?free|\b(?:hfp|hsp)\b|head-?set[-_ ]head[-_ ]?unit|\bAG audio\b", re.IGNORECASE)
"""Names that Windows, PulseAudio and PipeWire give the side of a Bluetooth headset that serves telephone calls."""

_UNMUTE = "Unmute it in the sound settings (`pactl set-source-mute @DEFAULT_SOURCE@ 0`), and see that it is plugged in."
_CONNECT = "See that it is connected to a microphone (`jack_lsp -c`), and that this one is plugged in and switched on."
_TELEPHONE_FIX = (
    "Take another microphone (`input=`), such as the computer's own: a Bluetooth headset hears and plays in full only "
    "while nobody uses its microphone."
)


class Trouble(StrEnum):
    """A possible fault."""

    EXACT_ZEROS = "exact zeros"
    NO_SOUND = "no sound"
    SILENCE = "silence"
    CLIPPING = "clipping"
    HUM = "hum"
    WRONG_RATE = "wrong rate"
    TELEPHONE = "telephone mode"
    NOT_HEARD = "sweep not heard"

    @property
    def is_serious(self) -> bool:
        """Whether a conversation cannot work with it; what is not serious makes it worse."""
        return self in (Trouble.EXACT_ZEROS, Trouble.NO_SOUND, Trouble.SILENCE, Trouble.WRONG_RATE)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that is wrong, in a sentence, and what to do about it."""

    trouble: Trouble
    text: str
    fix: str


@dataclass(frozen=True, slots=True)
class Side:
    """The facts known of one device before anything is heard."""

    name: str
    rate_hz: int
    """At which it was opened."""
    native_rate_hz: int
    host_api: str = ""


@dataclass(frozen=True, slots=True)
class SoundCheck:
    """A recording, and the devices it came through."""

    quiet: NDArray[np.float32]
    """The room: mono, (frames,), at the microphone's rate."""
    heard: NDArray[np.float32]
    """From the beginning of the sweep to after its end."""
    sweep: Sweep
    microphone: Side
    speaker: Side
    played_at_s: float | None = None
    """Place in `heard` of a sweep that comes back at once; None where the system has no clock to tell."""


@dataclass(frozen=True, slots=True)
class Report:
    """The findings of a recording."""

    quiet_db: float
    """RMS of the room in dBFS; -inf for exact zeros."""
    peak_db: float
    sweep_speed: float | None
    """1.0 where the sweep came back as it was played, None where it did not come back."""
    hum_hz: int | None = None
    band_limit_hz: int | None = None
    round_trip_ms: float | None = None
    """From the callback that took the sweep to the callback that brought it back; None where it did not come back."""
    diagnoses: tuple[Diagnosis, ...] = field(default=())


def diagnose(check: SoundCheck) -> Report:
    """Tell what is wrong; where nothing can be heard, nothing else is looked for."""
    recording = np.concatenate([check.quiet, check.heard])
    peak = float(np.max(np.abs(recording), initial=0.0))
    if not peak <= _LOUDEST:  # nor is NaN
        return Report(-math.inf, -math.inf, None, diagnoses=(_NO_SOUND,))
    quiet_db = to_db(_rms(check.quiet))
    dead = _dead(check, recording)
    if dead is not None:
        return Report(quiet_db, to_db(peak), None, diagnoses=(dead, *_telephone(check, None)))
    rate_hz = check.microphone.rate_hz
    speed = speed_of_sweep(check.heard, rate_hz, check.sweep)
    hum = find_hum(check.quiet, rate_hz)
    diagnoses = [*_clipping(recording)]
    hum_hz = None
    if hum is not None and hum.level_db >= _HUM_DB and hum.share >= _HUM_SHARE:
        hum_hz = hum.mains_hz
        diagnoses.append(_hum(hum.mains_hz, hum.level_db, hum.share))
    limit_hz = round_trip_ms = None
    if speed is None:
        limit_hz = find_band_limit_hz(check.quiet, rate_hz, up_to_hz=rate_hz / 2)
        diagnoses.append(_NOT_HEARD)
    elif speed == 1.0:
        limit_hz = find_band_limit_hz(check.heard, rate_hz, up_to_hz=check.sweep.high_hz)
        if check.played_at_s is not None:
            round_trip_ms = 1000 * (place_of_sweep(check.heard, rate_hz, check.sweep) - check.played_at_s)
    else:
        diagnoses.append(_wrong_rate(speed, rate_hz))
    diagnoses += _telephone(check, limit_hz)
    return Report(quiet_db, to_db(peak), speed, hum_hz, limit_hz, round_trip_ms, tuple(diagnoses))


def exact_zeros(host_api: str) -> Diagnosis:
    """Return the diagnosis of a microphone without any noise of its own, with what helps on its host API."""
    return Diagnosis(
        Trouble.EXACT_ZEROS,
        "The microphone delivers only exact zeros: it is muted, or the system does not let this program use it.",
        microphone_permission() or (_CONNECT if host_api == JACK else _UNMUTE),
    )


_NO_SOUND = Diagnosis(
    Trouble.NO_SOUND, "The microphone delivers no sound: its values make no sense.", "Choose another one."
)
_NOT_HEARD = Diagnosis(
    Trouble.NOT_HEARD,
    "The microphone does not hear the speaker.",
    "With headphones that is as it should be; otherwise turn the speaker up, or name another with `output=`.",
)


def _dead(check: SoundCheck, recording: NDArray[np.float32]) -> Diagnosis | None:
    if not recording.any():
        return exact_zeros(check.microphone.host_api)
    moment = max(1, round(_MOMENT_S * check.microphone.rate_hz))
    moments = [recording[start : start + moment] for start in range(0, recording.size, moment)]
    loudest_db = to_db(max(_rms(samples) for samples in moments))
    if loudest_db >= _SILENT_DB:
        return None
    return Diagnosis(
        Trouble.SILENCE,
        f"The microphone hears next to nothing: {loudest_db:.0f} dB at the loudest.",
        "Unmute it (many have a switch), raise its level in the sound settings, or name another with `input=`.",
    )


def _clipping(recording: NDArray[np.float32]) -> list[Diagnosis]:
    full = np.concatenate([[0], (np.abs(recording) >= _FULL_SCALE).astype(np.int8), [0]])
    edges = np.flatnonzero(np.diff(full))
    flat = int(np.sum(edges[1::2] - edges[::2] >= _FLAT_FRAMES))
    if not flat:
        return []
    return [
        Diagnosis(
            Trouble.CLIPPING,
            f"The microphone is too loud: {flat} peak{' is' if flat == 1 else 's are'} cut off at full scale.",
            "Lower its level in the sound settings (also any boost), or move it away from the speaker.",
        )
    ]


def _hum(mains_hz: int, level_db: float, share: float) -> Diagnosis:
    return Diagnosis(
        Trouble.HUM,
        f"The microphone picks up mains hum: {mains_hz} Hz and its harmonics at {level_db:.0f} dB, "
        f"{share:.0%} of what it hears in the quiet room.",
        "Move it and its cable away from power supplies, plug everything into one socket, or run on the battery.",
    )


def _wrong_rate(speed: float, rate_hz: int) -> Diagnosis:
    return Diagnosis(
        Trouble.WRONG_RATE,
        f"The sweep came back {speed:.2f} times as high: a device runs at a different rate than it reports, "
        f"as {rate_hz / speed:.0f} Hz taken for {rate_hz} Hz.",
        "Set the microphone and the speaker to one rate, 48000 Hz, in the sound settings, or try another `backend=`.",
    )


def _telephone(check: SoundCheck, limit_hz: int | None) -> list[Diagnosis]:
    signs = [
        f"the {'microphone' if side is check.microphone else 'speaker'} {sign}"
        for side in (check.microphone, check.speaker)
        if (sign := _telephone_sign(side))
    ]
    if limit_hz is not None:
        signs.append(f"nothing above {limit_hz // 1000} kHz is heard")
    if not signs:
        return []
    text = f"This is how a Bluetooth headset in telephone mode sounds: {', '.join(signs)}."
    return [Diagnosis(Trouble.TELEPHONE, text, _TELEPHONE_FIX)]


def _telephone_sign(side: Side) -> str:
    slowest_hz = min(side.rate_hz, side.native_rate_hz)
    if slowest_hz <= _TELEPHONE_RATE_HZ:
        return f"runs at {slowest_hz} Hz"
    return f"is called {side.name!r}" if _TELEPHONE_NAME.search(side.name) else ""


def _rms(samples: NDArray[np.float32]) -> float:
    """Without the constant part, which is no sound."""
    if not samples.size:
        return 0.0
    return float(np.std(samples.astype(np.float64)))
