"""Microphones of the virtual backend: a file, standard input, silence, or samples that a program feeds."""

from __future__ import annotations

import contextlib
import io
import sys
import threading
from collections import deque
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from backends.platforms import file_name
from engine.dsp.pcm16 import pcm16_to_float32
from engine.dsp.resample import HIGHEST_HZ, LOWEST_HZ
from engine.errors import InvalidInputError

SILENT_RATE_HZ = 48000
STDIN_RATE_HZ = 24000
_STDIN_CHUNK_BYTES = 4800
_STDIN_QUEUE_CHUNKS = 300
"""30 s; a faster writer waits."""
_HEADERS = (b"RIFF", b"RIFX", b"RF64", b"FORM", b"fLaC", b"OggS", b"ID3", b"caff", b".snd", b"\x1aE\xdf\xa3")
"""Beginnings of audio files, which nobody wants to hear as samples."""
_LOUDEST = 8.0
"""Files of floats may hold anything, also what no sum of channels can."""
_READABLE = "WAV, FLAC, Ogg and MP3 can be read; a converter such as ffmpeg makes one of other files."


class Microphone(Protocol):
    """A source of mono float32 at its own rate."""

    name: str
    rate_hz: int

    def read(self, frames: int) -> NDArray[np.float32]:
        """Return `frames` samples, silence where there is nothing (any more)."""

    @property
    def ended(self) -> bool:
        """True once everything has been read that will ever come."""

    def close(self) -> None:
        """Release the source; safe to call twice."""


class SilentMicrophone:
    """Never says anything and never ends."""

    name = "silence"
    rate_hz = SILENT_RATE_HZ
    ended = False

    def read(self, frames: int) -> NDArray[np.float32]:
        """Return silence."""
        return np.zeros(frames, np.float32)

    def close(self) -> None:
        """Nothing to release."""


class FedMicrophone:
    """Says what a program feeds it, such as the questions of a demonstration; silent in between."""

    name = "the application"
    ended = False

    def __init__(self, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self._lock = threading.Lock()
        self._samples = np.empty(0, np.float32)

    def feed(self, samples: NDArray[np.float32]) -> None:
        """Append mono float32 samples at `rate_hz`, from any thread."""
        with self._lock:
            self._samples = np.concatenate([self._samples, np.asarray(samples, np.float32)])

    def read(self, frames: int) -> NDArray[np.float32]:
        """Return what has been fed, then silence."""
        with self._lock:
            taken, self._samples = self._samples[:frames], self._samples[frames:]
        return np.pad(taken, (0, frames - taken.size))

    def close(self) -> None:
        """Nothing to release."""


class FileMicrophone:
    """Plays an audio file (WAV of any rate, width and channel count; FLAC, Ogg and MP3 too), then silence."""

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            InvalidInputError: there is no such file, or it is no audio that can be read.
        """
        import soundfile  # noqa: PLC0415 - loads libsndfile, which only this source needs

        if not path.is_file():
            kind = "a folder" if path.is_dir() else "a pipe or a device" if path.exists() else ""
            raise InvalidInputError(
                f"{path} is {kind}, not an audio file." if kind else f"There is no audio file {path}.", fix=_READABLE
            )
        try:
            self._file = soundfile.SoundFile(file_name(path))
        except (RuntimeError, OSError, TypeError) as error:  # soundfile's own, and its refusal of names in .raw
            reason = str(error).rpartition(": ")[2].rstrip(".")  # libsndfile repeats the name before it
            raise InvalidInputError(f"{path} cannot be read as audio: {reason}.", fix=_READABLE) from error
        self.name = str(path)
        self.rate_hz = int(self._file.samplerate)
        self.ended = False
        if not LOWEST_HZ <= self.rate_hz <= HIGHEST_HZ:
            self.close()
            raise InvalidInputError(
                f"{path} has a rate of {self.rate_hz} Hz.", fix=f"{LOWEST_HZ} to {HIGHEST_HZ} Hz can be played."
            )

    def read(self, frames: int) -> NDArray[np.float32]:
        """Return the next frames, mixed down.

        Raises:
            InvalidInputError: the file is damaged here.
        """
        if self.ended:
            return np.zeros(frames, np.float32)
        try:
            block = self._file.read(frames, dtype="float32", always_2d=True)
        except RuntimeError as error:  # soundfile's own are RuntimeErrors
            raise InvalidInputError(f"{self.name} is damaged: {error}", fix="Name another file.") from error
        self.ended = len(block) < frames
        np.clip(np.nan_to_num(block, copy=False), -_LOUDEST, _LOUDEST, out=block)
        return np.pad(block.mean(axis=1, dtype=np.float32), (0, frames - len(block)))

    def close(self) -> None:
        """Close the file."""
        self.ended = True
        self._file.close()


class StdinMicrophone:
    """Reads raw PCM16 little-endian mono at 24 kHz from standard input, as a pipe delivers it, until it ends."""

    name = "standard input"
    rate_hz = STDIN_RATE_HZ

    def __init__(self, stream: io.RawIOBase | io.BytesIO | None = None) -> None:
        """Begin to read, standard input or another stream of bytes.

        Raises:
            InvalidInputError: standard input is closed.
        """
        self._stream = stream or _unbuffered_stdin()
        self._chunks: deque[bytes] = deque()
        self._pending = b""
        self._changed = threading.Condition()
        self._finished = False
        self._closed = False
        self._is_file = False
        threading.Thread(target=self._pump, name="voice-stdin", daemon=True).start()

    def read(self, frames: int) -> NDArray[np.float32]:
        """Return what has come in, then silence.

        Raises:
            InvalidInputError: it is an audio file, not raw samples.
        """
        with self._changed:
            if self._is_file:
                raise InvalidInputError(
                    "Standard input begins as an audio file does, and raw PCM16 is taken from it.",
                    fix="Name the file; or convert it: ffmpeg -i FILE -f s16le -ar 24000 -ac 1 -",
                )
            while self._chunks and len(self._pending) < 2 * frames:
                self._pending += self._chunks.popleft()
            self._changed.notify_all()
        whole = min(len(self._pending) & ~1, 2 * frames)
        data, self._pending = self._pending[:whole], self._pending[whole:]
        return np.pad(pcm16_to_float32(np.frombuffer(data, "<i2")), (0, frames - whole // 2))

    @property
    def ended(self) -> bool:
        """True once the pipe is closed and everything has been read."""
        with self._changed:
            return self._finished and not self._chunks and len(self._pending) < 2

    def close(self) -> None:
        """Stop taking from the pipe. The reading thread ends with the pipe: a blocked read cannot be recalled."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _pump(self) -> None:
        beginning = b""
        with contextlib.suppress(OSError):  # a pipe that breaks is a pipe that ends
            while data := self._stream.read(_STDIN_CHUNK_BYTES):
                beginning = (beginning + data)[:8]
                with self._changed:
                    self._is_file = beginning.startswith(_HEADERS) or beginning[4:] == b"ftyp"  # MPEG-4
                    self._changed.wait_for(lambda: self._closed or len(self._chunks) < _STDIN_QUEUE_CHUNKS)
                    if self._closed:
                        return
                    self._chunks.append(data)
        with self._changed:
            self._finished = True


def _unbuffered_stdin() -> io.FileIO:
    """Standard input without Python's buffer.

    A read returns what there is, and a thread that waits in it holds no lock: with the buffer's lock held, the
    interpreter aborts at exit.
    """
    if sys.stdin is None:
        raise InvalidInputError("Standard input is closed.", fix="Pipe PCM16 at 24 kHz into it, or name a file.")
    return io.FileIO(sys.stdin.fileno(), closefd=False)


def open_microphone(path: Path | None) -> Microphone:
    """Return the source that `input_file=` names: None for silence, "-" for standard input."""
    if path is None:
        return SilentMicrophone()
    return StdinMicrophone() if str(path) == "-" else FileMicrophone(path)
