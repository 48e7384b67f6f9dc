"""Writes a WAV file that is valid at every moment, so that an abrupt end loses at most the last second."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.dsp.pcm16 import float32_to_pcm16
from engine.errors import InvalidInputError

_HEADER_BYTES = 44


class WavWriter:
    """A PCM16 WAV file of a fixed rate and channel count."""

    def __init__(self, path: Path, rate_hz: int, channels: int) -> None:
        """Create or replace the file.

        Raises:
            InvalidInputError: it cannot be written.
        """
        self._path = path
        self._rate_hz = rate_hz
        self._channels = channels
        self._frames = 0
        self._frames_in_header = -1
        with self._closed_on_failure():
            self._file = path.open("wb")
            self._write_header()

    def write(self, samples: NDArray[np.float32]) -> None:
        """Append float32 frames of shape (frames, channels), or (frames,) for mono.

        Raises:
            InvalidInputError: the file cannot take them; it is closed.
        """
        with self._closed_on_failure():
            self._file.write(float32_to_pcm16(np.ascontiguousarray(samples, np.float32).reshape(-1)).tobytes())
            self._frames += len(samples)
            if self._frames - self._frames_in_header >= self._rate_hz:
                self._write_header()

    def close(self) -> None:
        """Complete the header; safe to call twice.

        Raises:
            InvalidInputError: the file cannot take what was still to be written; it is closed.
        """
        if not self._file.closed:
            with self._closed_on_failure():
                self._write_header()
                self._file.close()

    @contextlib.contextmanager
    def _closed_on_failure(self) -> Iterator[None]:
        """Name the file in what the system complains about: a full disk, or a pipe, which has no beginning."""
        try:
            yield
        except OSError as error:
            with contextlib.suppress(OSError, AttributeError):
                self._file.close()
            reason = error.strerror or "a WAV file needs a place that can be rewound"
            raise InvalidInputError(f"{self._path} cannot be written: {reason}.", fix="Choose another file.") from error

    def _write_header(self) -> None:
        frame_bytes = 2 * self._channels
        data_bytes = self._frames * frame_bytes
        self._file.seek(0)
        self._file.write(
            struct.pack(
                "<4sI4s4sIHHIIHH4sI",
                b"RIFF",
                _HEADER_BYTES - 8 + data_bytes,
                b"WAVE",
                b"fmt ",
                16,
                1,
                self._channels,
                self._rate_hz,
                self._rate_hz * frame_bytes,
                frame_bytes,
                16,
                b"data",
                data_bytes,
            )
        )
        self._file.seek(0, 2)
        self._file.flush()
        self._frames_in_header = self._frames
