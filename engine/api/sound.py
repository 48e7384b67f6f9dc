"""Sound that a program plays: an array or a file becomes PCM16 at the rate it is played with."""

from __future__ import annotations

import operator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.dsp.pcm16 import float32_to_pcm16, pcm16_to_float32
from engine.dsp.resample import HIGHEST_HZ, LOWEST_HZ, make_resampler
from engine.errors import InvalidInputError

Sound = NDArray[np.float32] | NDArray[np.int16] | Path | str
"""float32 in [-1, 1] or int16, of shape (frames,) or (frames, channels); or the path of an audio file."""


_MOST_S = 300
"""The loop converts it, at 1 to 4 ms for each second."""
_MOST_CHANNELS = 32
"""Surround sound has 24 at most: a second dimension beyond that is the frames."""


def pcm16_of(sound: Sound, rate_hz: int | None, target_hz: int) -> bytes:
    """Return the sound as PCM16, mono, at `target_hz`; what is not a number is silence.

    Args:
        sound: Array or file of at most five minutes; channels are mixed down.
        rate_hz: Rate of an array, which must be given; a file says its own.
        target_hz: Rate of the result.

    Raises:
        InvalidInputError: the sound has another form or is too long, its rate is missing or impossible, or the file
            cannot be read.

    Example:
        >>> len(pcm16_of(np.zeros((480, 2), np.float32), 48000, 24000)) // 2 >= 240
        True
    """
    samples: Any = sound
    if isinstance(sound, str | Path):
        samples, rate_hz = _read(Path(sound))
    if not isinstance(samples, np.ndarray) or samples.dtype not in (np.float32, np.int16) or samples.ndim not in (1, 2):
        raise InvalidInputError(
            f"{_named(sound)} cannot be played.",
            fix="Give float32 or int16 samples of shape (frames,) or (frames, channels), or the path of a file.",
        )
    if samples.ndim == 2 and not 1 <= samples.shape[1] <= _MOST_CHANNELS:
        raise InvalidInputError(
            f"A sound of shape {samples.shape} would have {samples.shape[1]} channels.",
            fix=f"Give an array of shape (frames, channels), frames first, with 1 to {_MOST_CHANNELS} channels.",
        )
    source_hz = rate_of(rate_hz)
    if len(samples) > _MOST_S * source_hz:
        raise InvalidInputError(f"A sound of more than {_MOST_S // 60} minutes is too long.", fix="Play it in parts.")
    row = samples if samples.dtype == np.float32 else pcm16_to_float32(samples).reshape(samples.shape)
    row = np.nan_to_num(row, nan=0.0, posinf=1.0, neginf=-1.0)
    mono = np.ascontiguousarray(row if row.ndim == 1 else row.mean(axis=1, dtype=np.float32))
    resampler = make_resampler(source_hz, target_hz)
    return float32_to_pcm16(np.concatenate([resampler.process(mono), resampler.flush()])).tobytes()


def rate_of(value: Any) -> int:
    """Return a rate in Hz that may be an integer of any kind, such as numpy's.

    Raises:
        InvalidInputError: it is no integer, or nothing can be resampled from or to it.

    Example:
        >>> rate_of(np.int64(48000))
        48000
    """
    try:
        rate_hz = operator.index(value)
    except TypeError:
        rate_hz = 0
    if not LOWEST_HZ <= rate_hz <= HIGHEST_HZ:
        raise InvalidInputError(
            f"Sound cannot have a rate of {value!r} Hz.",
            fix=f"Give a whole number from {LOWEST_HZ} to {HIGHEST_HZ} as `rate_hz`.",
        )
    return rate_hz


def _read(path: Path) -> tuple[NDArray[np.float32], int]:
    """Read a regular file, a frame further than may be played: a pipe would block the loop as long as it likes."""
    import soundfile  # noqa: PLC0415 - brings libsndfile, which few programs need

    try:
        if not path.is_file():
            raise OSError("there is no regular file of this name")
        with soundfile.SoundFile(path) as file:
            return file.read(_MOST_S * file.samplerate + 1, dtype="float32"), file.samplerate
    except (soundfile.LibsndfileError, OSError, TypeError) as error:  # TypeError: samples without a header (.raw)
        raise InvalidInputError(f"{path} cannot be played: {str(error).rstrip('.')}.", fix="Name a WAV file.") from None


def _named(sound: object) -> str:
    kind = f"{sound.dtype} and shape {sound.shape}" if isinstance(sound, np.ndarray) else type(sound).__name__
    return f"A sound of {kind}"
