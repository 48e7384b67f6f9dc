"""Sound that a program plays: an array or a file becomes PCM16 at the rate it is played with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.dsp.pcm16 import float32_to_pcm16, pcm16_to_float32
from engine.dsp.resample import make_resampler
from engine.errors import InvalidInputError

Sound = NDArray[np.float32] | NDArray[np.int16] | Path | str
"""float32 in [-1, 1] or int16, of shape (frames,) or (frames, channels); or the path of an audio file."""


def pcm16_of(sound: Sound, rate_hz: int | None, target_hz: int) -> bytes:
    """Return the sound as PCM16, mono, at `target_hz`.

    Args:
        sound: What is to be played; channels are mixed down.
        rate_hz: Rate of an array, which must be given; a file says its own.
        target_hz: Rate of the result.

    Raises:
        InvalidInputError: it is no sound, its rate is missing or impossible, or the file cannot be read.

    Example:
        >>> len(pcm16_of(np.zeros((480, 2), np.float32), 48000, 24000)) // 2 >= 240
        True
    """
    samples: Any = sound
    if isinstance(sound, str | Path):
        samples, rate_hz = _read(Path(sound))
    if not isinstance(samples, np.ndarray) or samples.dtype not in (np.float32, np.int16) or samples.ndim not in (1, 2):
        raise InvalidInputError(
            f"{_named(sound)} is no sound.",
            fix="Give float32 or int16 samples of shape (frames,) or (frames, channels), or the path of a file.",
        )
    if isinstance(rate_hz, bool) or not isinstance(rate_hz, int):
        raise InvalidInputError(f"{rate_hz!r} is no rate of samples.", fix="Give a whole number of Hz as `rate_hz`.")
    row = samples if samples.dtype == np.float32 else pcm16_to_float32(samples).reshape(samples.shape)
    mono = np.ascontiguousarray(row if row.ndim == 1 else row.mean(axis=1, dtype=np.float32))
    resampler = make_resampler(rate_hz, target_hz)
    return float32_to_pcm16(np.concatenate([resampler.process(mono), resampler.flush()])).tobytes()


def _read(path: Path) -> tuple[NDArray[np.float32], int]:
    import soundfile  # noqa: PLC0415 - brings libsndfile, which few programs need

    try:
        samples, rate_hz = soundfile.read(path, dtype="float32")
    except (soundfile.LibsndfileError, OSError) as error:
        raise InvalidInputError(f"{path} cannot be played: {error}", fix="Name a WAV file.") from None
    return samples, int(rate_hz)


def _named(sound: object) -> str:
    return f"An array of {sound.dtype}, {sound.shape}," if isinstance(sound, np.ndarray) else type(sound).__name__
