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

from engine.dsp.pcm16 import pcm16_to_float32
from engine.errors import InvalidInputError

SILENT_RATE_HZ = 48000
STDIN_RATE_HZ = 24000
_STDIN_CHUNK_BYTES = 4800
_STDIN_QUEUE_CHUNKS = 300
"""30 s; a faster writer waits."""


class Microphone(Protocol):
    """A source of mono float32 at its own rate."""

    name: str
    rate_hz: int

    def read(self, frames: int) -> NDArray[np.float32]:
        """Return `frames` samples, silence where there is nothing (any more)."""
        ...

    @property
    def ended(self) -> bool:
        """True once everything has been read that will ever come."""
        ...

    def close(self) -> None:
        """Release the source; safe to call twice."""
        ...


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

    name = "this program"
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
    """Plays an audio file (WAV of any rate, width and channel count; FLAC and Ogg too), then silence."""

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            InvalidInputError: there is no such file, or it is no audio.
        """
        import soundfile  # noqa: PLC0415 - loads libsndfile, which only this source needs

        if not path.is_file():
            raise InvalidInputError(f"There is no audio file {path}.", fix="Name a WAV file with `input_file=`.")
        try:
            self._file = soundfile.SoundFile(path)
        except (soundfile.LibsndfileError, OSError) as error:
            reason = str(error).rpartition(": ")[2].rstrip(".")  # libsndfile repeats the name before it
            raise InvalidInputError(f"{path} is no audio file: {reason}.", fix="Name a WAV file.") from error
        self.name = str(path)
        self.rate_hz = int(self._file.samplerate)
        self.ended = False

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
        threading.Thread(target=self._pump, name="voice-stdin", daemon=True).start()

    def read(self, frames: int) -> NDArray[np.float32]:
        """Return what has come in, then silence."""
        with self._changed:
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
        with contextlib.suppress(OSError):  # a pipe that breaks is a pipe that ends
            while data := self._stream.read(_STDIN_CHUNK_BYTES):
                with self._changed:
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
