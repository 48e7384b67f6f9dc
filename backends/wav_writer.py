"""Writes a WAV file that is valid at every moment, so that an abrupt end loses at most the last second."""

from __future__ import annotations

import struct
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
        self._rate_hz = rate_hz
        self._channels = channels
        self._frames = 0
        self._frames_in_header = -1
        try:
            self._file = path.open("wb")
        except OSError as error:
            raise InvalidInputError(
                f"{path} cannot be written: {error.strerror}.", fix="Choose another file."
            ) from error
        self._write_header()

    def write(self, samples: NDArray[np.float32]) -> None:
        """Append float32 frames of shape (frames, channels), or (frames,) for mono."""
        self._file.write(float32_to_pcm16(np.ascontiguousarray(samples, np.float32).reshape(-1)).tobytes())
        self._frames += len(samples)
        if self._frames - self._frames_in_header >= self._rate_hz:
            self._write_header()

    def close(self) -> None:
        """Complete the header; safe to call twice."""
        if not self._file.closed:
            self._write_header()
            self._file.close()

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
