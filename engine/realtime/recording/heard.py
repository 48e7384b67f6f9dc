"""The session as a person in the room hears it: the microphone on the left, the speaker on the right, in step.

Both sides count their samples from the start of their streams, so that silences are as long as they were. A side that
has nothing for some seconds is silent: a muted microphone sends nothing, and what comes later than that is left out.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.audio.wav_file import WavFile
from engine.dsp.pcm16 import float32_to_pcm16
from engine.dsp.resample import make_resampler

_PATIENCE_S = 5.0
"""Longest lead of one side: longer than what an outage lets the microphone hold."""


class _Side:
    """One channel: what has come and is not written yet."""

    def __init__(self) -> None:
        self.waiting = np.empty(0, np.int16)

    def append(self, samples: NDArray[np.int16]) -> None:
        self.waiting = np.concatenate([self.waiting, samples])

    def take(self, count: int) -> NDArray[np.int16]:
        """The next samples; silence where they have not come."""
        taken, self.waiting = self.waiting[:count], self.waiting[count:]
        return np.pad(taken, (0, count - taken.size))


class HeardFile:
    """Joins both sides into a stereo WAV at the microphone's wire rate."""

    def __init__(self, path: Path, rate_hz: int) -> None:
        """Create the file.

        Raises:
            OSError: it cannot be written.
        """
        self._rate_hz = rate_hz
        self._file = WavFile(path, rate_hz, channels=2, new=True)
        self._left, self._right = _Side(), _Side()
        self._written = 0
        """Frames."""
        self._played_rate_hz = 0
        self._resampler = make_resampler(rate_hz, rate_hz)

    def said(self, at_sample: int, pcm16: bytes) -> None:
        """Take what the microphone sent: PCM16 whose first sample is this one of all the microphone has heard.

        Raises:
            OSError: the disk is full.
        """
        samples = np.frombuffer(pcm16, "<i2").astype(np.int16)
        gap = at_sample - self._written - self._left.waiting.size
        if gap > 0:
            self._left.append(np.zeros(gap, np.int16))
        self._left.append(samples[max(0, -gap) :])
        self._write()

    def played(self, samples: NDArray[np.float32], rate_hz: int) -> None:
        """Take what the speaker was given since the last call, mono float32 at its own rate.

        Raises:
            OSError: the disk is full.
        """
        if rate_hz != self._played_rate_hz:
            self._played_rate_hz, self._resampler = rate_hz, make_resampler(rate_hz, self._rate_hz)
        self._right.append(float32_to_pcm16(self._resampler.process(samples)))
        self._write()

    def close(self) -> None:
        """Write what waits, and close the file.

        Raises:
            OSError: the disk is full.
        """
        try:
            self._write_frames(max(self._left.waiting.size, self._right.waiting.size))
        finally:
            self._file.close()

    def _write(self) -> None:
        sizes = self._left.waiting.size, self._right.waiting.size
        self._write_frames(max(min(sizes), max(sizes) - round(_PATIENCE_S * self._rate_hz)))

    def _write_frames(self, count: int) -> None:
        if count > 0:
            frames = np.stack([self._left.take(count), self._right.take(count)], axis=1)
            self._file.write(frames.astype("<i2").tobytes())
            self._written += count
