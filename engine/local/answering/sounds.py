"""The sounds of a script: tones, silence, noise, speech by espeak-ng, and WAV files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from engine.errors import InvalidInputError
from engine.local.answering.speech import Voice

_LEVEL, _LONGEST_S, _LONGEST_TEXT = 8000.0, 600, 5000
_KINDS = "tone_hz, silence, noise, text or wav"


class SoundMaker:
    """Makes what a script's `sound` describes.

    Example:
        >>> len(SoundMaker(Path("scripts")).make({"tone_hz": 440, "seconds": 0.5}, 24000))  # bytes of PCM16
        24000
    """

    def __init__(self, folder: Path) -> None:
        """Make a maker; `folder` is where the script and its WAV files are."""
        self._folder = folder
        self._voice: Voice | None = None

    def make(self, sound: Mapping[str, Any], rate_hz: int) -> bytes:
        """Return mono PCM16, little-endian.

        Raises:
            InvalidInputError: it is no sound, or its file cannot be read.
            LibraryMissingError: it speaks, and espeak-ng is not installed.
        """
        length_s = sound.get("seconds", 0)
        if isinstance(length_s, int | float) and not 0 <= length_s <= _LONGEST_S:
            raise InvalidInputError(f"A sound of {length_s} s is none.", fix=f"Give it 0 to {_LONGEST_S} s.")
        if len(str(sound.get("text", ""))) > _LONGEST_TEXT:
            raise InvalidInputError(
                "So long a text is not spoken at once.", fix=f"Cut it below {_LONGEST_TEXT} letters."
            )
        match dict(sound):
            case {"tone_hz": int() | float() as tone_hz, "seconds": int() | float() as seconds, **rest} if not rest:
                samples = _LEVEL * np.sin(2 * np.pi * tone_hz * np.arange(round(seconds * rate_hz)) / rate_hz)
            case {"silence": True, "seconds": int() | float() as seconds, **rest} if not rest:
                samples = np.zeros(round(seconds * rate_hz))
            case {"noise": True, "seconds": int() | float() as seconds, **rest} if not rest:
                samples = np.random.default_rng(0).uniform(-_LEVEL, _LEVEL, round(seconds * rate_hz))
            case {"text": str() as text, **rest} if set(rest) <= {"voice"}:
                samples = self._speak(text, rest.get("voice"), rate_hz)
            case {"wav": str() as name, **rest} if not rest:
                samples = self._read(name, rate_hz)
            case _:
                raise InvalidInputError(f"{dict(sound)} is no sound.", fix=f"A sound has {_KINDS}.")
        return np.clip(np.round(samples), -32768, 32767).astype("<i2").tobytes()

    def _speak(self, text: str, voice: str | None, rate_hz: int) -> NDArray[np.float64]:
        self._voice = self._voice or Voice()
        said = self._voice.say(text, voice=voice).astype(np.float64)
        return np.asarray(soxr.resample(said, self._voice.rate_hz, rate_hz))

    def _read(self, name: str, rate_hz: int) -> NDArray[np.float64]:
        try:
            samples, file_rate_hz = soundfile.read(self._folder / name, dtype="float64", always_2d=True)
        except (OSError, soundfile.SoundFileError) as error:
            raise InvalidInputError(
                f"The file {name} cannot be read: {error}.", fix="It is looked for beside the script; WAV suits."
            ) from None
        return np.asarray(32767 * soxr.resample(samples.mean(axis=1), file_rate_hz, rate_hz))
