"""Writes float32 into a WAV file that is whole at every moment, so that an abrupt end loses nothing."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.audio.wav_file import WavFile
from engine.dsp.pcm16 import float32_to_pcm16
from engine.errors import InvalidInputError


class WavWriter:
    """A PCM16 WAV file of a fixed rate and channel count."""

    def __init__(self, path: Path, rate_hz: int, channels: int) -> None:
        """Create or replace the file.

        Raises:
            InvalidInputError: it cannot be written.
        """
        self._path = path
        with self._explained():
            self._file = WavFile(path, rate_hz, channels)
        self.write(np.empty((0, channels), np.float32))

    def write(self, samples: NDArray[np.float32]) -> None:
        """Append float32 frames of shape (frames, channels), or (frames,) for mono.

        Raises:
            InvalidInputError: the file cannot take them; it is closed.
        """
        try:
            with self._explained():
                self._file.write(float32_to_pcm16(np.ascontiguousarray(samples, np.float32).reshape(-1)).tobytes())
        except InvalidInputError:
            self.close()
            raise

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._file.close()

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Name the file in what the system complains about: a full disk, or a pipe, which has no beginning."""
        try:
            yield
        except OSError as error:
            reason = "a WAV file needs a place that can be rewound" if error.errno == errno.ESPIPE else error.strerror
            raise InvalidInputError(f"{self._path} cannot be written: {reason}.", fix="Choose another file.") from error
