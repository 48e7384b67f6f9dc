"""The input audio buffer: what a client sends, at the recogniser's rate, cut into turns or kept until a commit."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import soxr
from numpy.typing import NDArray

from engine.local.hearing.voice_activity import MAX_UTTERANCE_S, RATE_HZ, Started, Stopped, TurnDetector
from engine.local.protocol.settings import ServerVad
from engine.local.protocol.validation import Refusal

_LEAST_COMMIT_MS = 100


class Listener:
    """Takes PCM16 at the wire's rate; with a VAD it says when a turn began and ended, without one it waits."""

    def __init__(self, rate_hz: int, vad: ServerVad | None, *, start_ms: int) -> None:
        """Begin to listen; `start_ms` is the session's time, counted in audio.

        Args:
            rate_hz: The wire's rate.
            vad: Settings of turn detection; None where the client says when turns end.
            start_ms: The session's time, counted in audio.
        """
        self._rate_hz = rate_hz
        self._start_ms = start_ms
        self._received_samples = 0
        self._resampler = self._make_resampler()
        self._kept: list[NDArray[np.int16]] = []
        self._kept_samples = 0
        self._turns: TurnDetector | None = None
        if vad is not None:
            self._turns = TurnDetector(
                threshold=vad.threshold,
                prefix_padding_ms=vad.prefix_padding_ms,
                silence_duration_ms=vad.silence_duration_ms,
                start_ms=start_ms,
            )

    @property
    def detects_turns(self) -> bool:
        """Whether `feed` tells where turns begin and end."""
        return self._turns is not None

    @property
    def now_ms(self) -> int:
        """The session's time: milliseconds of audio since its first sample."""
        return self._start_ms + 1000 * self._received_samples // self._rate_hz

    def close(self) -> None:
        """Let go of what detects speech."""
        if self._turns is not None:
            self._turns.close()

    def feed(self, samples: NDArray[np.int16]) -> Iterator[Started | Stopped]:
        """Take mono int16 samples, any number; yield where a turn begins and ends.

        Raises:
            Refusal: nobody committed for longer than the buffer holds.
        """
        self._received_samples += samples.size
        heard = self._resampler.resample_chunk(samples)
        if self._turns is not None:
            yield from self._turns.feed(heard)
            return
        if not heard.size:
            return
        self._kept.append(heard)
        self._kept_samples += heard.size
        if self._kept_samples > MAX_UTTERANCE_S * RATE_HZ:
            self._forget()
            message = f"The buffer holds {MAX_UTTERANCE_S} s; it was cleared."
            raise Refusal(message, "input_audio_buffer_full", "audio")

    def commit(self) -> Stopped:
        """End the turn in progress, or what was kept, and return it.

        Raises:
            Refusal: there is less than a tenth of a second.
        """
        if self._turns is not None:
            stopped = self._turns.cut() or Stopped(self.now_ms, np.empty(0, np.int16))
        else:
            tail = self._resampler.resample_chunk(np.empty(0, np.int16), last=True)
            stopped = Stopped(self.now_ms, np.concatenate([*self._kept, tail]))
            self._forget()
        length_ms = 1000 * stopped.utterance.size // RATE_HZ
        if length_ms < _LEAST_COMMIT_MS:
            message = f"Expected at least {_LEAST_COMMIT_MS} ms of audio, but the buffer has {length_ms} ms."
            raise Refusal(message, "input_audio_buffer_commit_empty")
        return stopped

    def _forget(self) -> None:
        self._resampler = self._make_resampler()
        self._kept.clear()
        self._kept_samples = 0

    def _make_resampler(self) -> soxr.ResampleStream:
        return soxr.ResampleStream(self._rate_hz, RATE_HZ, 1, dtype="int16")
