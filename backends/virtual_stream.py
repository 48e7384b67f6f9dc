"""The stream of the virtual backend: a clock that hands the kernel blocks of a file, and takes what would be heard."""

from __future__ import annotations

import contextlib
import errno
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from backends.virtual_microphone import Microphone
from engine.audio.port.audio_port import AudioPort
from engine.audio.types import Direction, StreamInfo, StreamRequest, StreamSide
from engine.audio.wav_file import WavFile
from engine.dsp.pcm16 import float32_to_pcm16
from engine.errors import InvalidInputError, VoiceError

_BLOCK_MS = 10.0
_WAV = ("", ".wav", ".wave")
"""Endings of names under which a WAV file is expected."""


class VirtualStream:
    """The clock of one port: a thread that hands the kernel a block at a time."""

    def __init__(
        self,
        port: AudioPort,
        speaker_rate_hz: int,
        microphone: Microphone | None,
        request: StreamRequest,
    ) -> None:
        self._port = port
        self._speaker_rate_hz = speaker_rate_hz
        self._microphone = microphone
        self._block_s = (_BLOCK_MS if request.block_ms is None else request.block_ms) / 1000
        if self._block_s <= 0:
            raise InvalidInputError(f"A block of {request.block_ms} ms is impossible.", fix="Use 1 to 100 ms.")
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="voice-clock", daemon=True)
        self._plays = Direction.OUTPUT in request.directions
        if microphone is not None:
            port.attach_input(microphone.rate_hz, 1)
        if self._plays:
            port.attach_output(speaker_rate_hz, 1)
        self._path = request.output_file
        self._unused: Path | None = None
        """The speaker's file, where it was made here: it is removed unless something is written."""
        self._speaker = self._write_to(self._path) if self._path else None
        self._info = StreamInfo(
            backend="virtual",
            native=True,
            input=self._side(microphone.name, microphone.rate_hz) if microphone else None,
            output=self._side(str(request.output_file or "no speaker"), speaker_rate_hz) if self._plays else None,
        )

    @property
    def info(self) -> StreamInfo:
        """The files, rates and blocks that were opened."""
        return self._info

    @property
    def active(self) -> bool:
        """True while the clock runs."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start the clock."""
        self._thread.start()

    def close(self) -> None:
        """Stop the clock and close the files; safe to call twice."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._microphone is not None:
            self._microphone.close()
        if self._speaker is not None:
            self._speaker.close()
            if self._unused is not None and not self._speaker.size_bytes:
                self._unused.unlink(missing_ok=True)

    def _write_to(self, path: Path) -> WavFile:
        """Open the speaker's file; what is in it stays until the clock runs."""
        if path.suffix.lower() not in _WAV or str(path) == "-":
            raise InvalidInputError(
                f"{path} would be a WAV file by the name of something else.",
                fix="Let the name end in .wav; a converter such as ffmpeg makes other formats of it.",
            )
        self._unused = None if path.exists() else path
        with self._named():
            return WavFile(path, self._speaker_rate_hz, 1)

    def _side(self, name: str, rate_hz: int) -> StreamSide:
        return StreamSide(name, rate_hz, 1, round(self._block_s * rate_hz), 0.0)

    def _run(self) -> None:
        failure: VoiceError | None = None
        try:
            start_s = time.monotonic()
            block = 0
            while not self._ending.is_set():
                self._step(block)
                block += 1
                self._ending.wait(max(0.0, start_s + block * self._block_s - time.monotonic()))
        except VoiceError as error:
            failure = error
        finally:
            self._port.finish(failure)

    def _step(self, block: int) -> None:
        """Move one block of each direction; fractions of a frame are carried, so that the rates hold exactly over time.

        Rounded, not cut: 0.29 s at 48 kHz is 13919.999 in floating point, and a frame less keeps the session from
        sending until the next block comes.
        """

        def frames(rate_hz: int) -> int:
            return round((block + 1) * self._block_s * rate_hz) - round(block * self._block_s * rate_hz)

        if self._microphone is not None:
            self._port.process(self._microphone.read(frames(self._microphone.rate_hz))[:, None], None)
        if self._plays:
            heard = np.empty((frames(self._speaker_rate_hz), 1), np.float32)
            self._port.process(None, heard)
            if self._speaker is not None:
                with self._named():
                    self._speaker.write(float32_to_pcm16(heard[:, 0]).tobytes())
        if self._microphone is not None and self._microphone.ended and not self._port.input_ended:
            self._port.end_input()

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        """Name the file in what the system complains about: a full disk, or a pipe, which has no beginning."""
        try:
            yield
        except OSError as error:
            reason = (
                "a WAV file needs a place where it can be rewound" if error.errno == errno.ESPIPE else error.strerror
            )
            raise InvalidInputError(f"{self._path} cannot be written: {reason}.", fix="Choose another file.") from error
