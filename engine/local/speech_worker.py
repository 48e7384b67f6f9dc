"""The slow work, in one thread of its own: recognition and speech, neither of which is thread-safe."""

from __future__ import annotations

import asyncio
import functools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import soxr
from numpy.typing import NDArray

from engine.errors import LibraryMissingError
from engine.local.answering.speech import Voice
from engine.local.hearing.recognizer import RATE_HZ, Recognizer
from engine.local.hearing.voice_activity import Detector

_WORDS_PER_MINUTE = 165


class SpeechWorker:
    """One recogniser and one voice for all sessions of the process."""

    def __init__(self) -> None:
        """Load what is installed; `lacks` says what is not.

        Raises:
            LibraryMissingError: there is no speech at all, without which the server has no answer to give.
        """
        self._voice = Voice()
        self._recognizer: Recognizer | None = None
        self.detects_turns = True
        self.lacks: list[str] = []
        try:
            self._recognizer = Recognizer()
        except LibraryMissingError as error:
            self.lacks.append(str(error))
        try:
            Detector.borrow().give_back()
        except LibraryMissingError as error:
            self.detects_turns = False
            self.lacks.append(str(error))
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="voice-speech")

    @property
    def voice_rate_hz(self) -> int:
        """The rate of what `speak` returns."""
        return self._voice.rate_hz

    async def transcribe(self, utterance: NDArray[np.int16], rate_hz: int = RATE_HZ) -> str:
        """Return what was said in mono int16.

        Raises:
            LibraryMissingError: no recogniser is installed.
        """
        recognizer = self._recognizer
        if recognizer is None:
            raise LibraryMissingError("This server cannot recognise speech.", fix=" ".join(self.lacks))

        def hear() -> str:
            return recognizer.transcribe(soxr.resample(utterance, rate_hz, RATE_HZ))

        return await asyncio.get_running_loop().run_in_executor(self._thread, hear)

    async def speak(self, text: str, voice: str, speed: float = 1.0) -> NDArray[np.int16]:
        """Return a sentence, said by one of espeak-ng's voices, as mono int16 at `voice_rate_hz`.

        Args:
            text: A sentence.
            voice: Name of the voice for espeak-ng.
            speed: 1.0 is as usual.
        """
        words_per_minute = round(_WORDS_PER_MINUTE * speed)
        say = functools.partial(self._voice.say, text, voice=voice, words_per_minute=words_per_minute)
        return await asyncio.get_running_loop().run_in_executor(self._thread, say)

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=True, cancel_futures=True)
