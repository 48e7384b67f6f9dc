"""A WAV file of raw PCM16 that is whole at every moment: the sizes in its header follow each write."""

from __future__ import annotations

import os
import struct
from pathlib import Path

from engine.files import open_private

_HEADER_BYTES = 44
_MOST_BYTES = 0xFFFFFFFF - _HEADER_BYTES
"""The most a header can say: 6 hours of stereo at 48 kHz. More is kept, and many programs read it."""


class WavFile:
    """Appends bytes; a process that is killed leaves a file with all but what it was just writing.

    Example:
        >>> file = WavFile(Path("agent.wav"), rate_hz=24000, channels=1)
        >>> file.write(bytes(960))
        0
        >>> file.close()
    """

    def __init__(self, path: Path, rate_hz: int, channels: int, *, new: bool = False) -> None:
        """Create the file, or take one that is there, whose content stays until the first write.

        Args:
            path: An existing file is overwritten.
            rate_hz: Sample rate.
            channels: Channels, interleaved.
            new: Refuse an existing file.

        Raises:
            OSError: it cannot be written, or not where one has written already, as a pipe.
        """
        self._frame_bytes = 2 * channels
        self.size_bytes = 0
        """Size of the sound so far."""
        byte_rate = rate_hz * self._frame_bytes
        head = struct.pack("<4sI4s4sIHHII", b"RIFF", 36, b"WAVE", b"fmt ", 16, 1, channels, rate_hz, byte_rate)
        self._head = head + struct.pack("<HH4sI", self._frame_bytes, 16, b"data", 0)
        self._file = os.fdopen(open_private(path, new=new), "wb", 0)
        try:
            if not self._file.seek(0, 2):
                self._begin()
        except OSError:
            self._file.close()
            raise

    def _begin(self) -> None:
        """Write the header into the emptied file."""
        if self._head:
            self._file.seek(0)
            if os.fstat(self._file.fileno()).st_size:
                self._file.truncate()
            self._file.write(self._head)
            self._file.seek(0, 2)
            self._head = b""

    def write(self, pcm16: bytes) -> int:
        """Append little-endian PCM16; return at which byte of the sound it begins.

        Raises:
            OSError: the disk is full.
        """
        at = self.size_bytes
        data = memoryview(pcm16)
        self._begin()
        try:
            while data:
                data = data[self._file.write(data) :]
        finally:
            # A full disk takes the first half of a piece, and still a header that says so.
            self.size_bytes += len(pcm16) - len(data)
            self._write_sizes()
        return at

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._file.close()

    def _write_sizes(self) -> None:
        whole = min(self.size_bytes, _MOST_BYTES) // self._frame_bytes * self._frame_bytes
        self._file.seek(4)
        self._file.write(struct.pack("<I", whole + _HEADER_BYTES - 8))
        self._file.seek(_HEADER_BYTES - 4)
        self._file.write(struct.pack("<I", whole))
        self._file.seek(0, 2)
