"""`voice run` over loudspeakers: its microphone hears its speaker through an echo path, and somebody talks over it."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import soxr

from benchmarks.signals.echo_quality import erle_db, lag_of, near_loss_db
from tests.support.echo_path import EchoPath, Said
from tests.support.hearing import Signal
from tests.support.soundcard import RATE_HZ, SoundCard
from tests.support.speech import speech
from tests.support.voice_process import VoiceProcess

WIRE_HZ = 24000
PERSON = "en-us+f3"
_ROOT = Path(__file__).parents[2]
_SECOND_STEP = "speech"
_LONGEST_LAG_S = 30.0


@dataclass(frozen=True)
class Spoken:
    """What came of words that were said over an answer; times are those after their first sound, None is never."""

    first_step_ms: float | None
    second_step_ms: float | None
    interrupted_ms: float | None
    text: str
    """The words as the agent understood them."""


class Loudspeakers:
    """A running session, and the air around it.

    Example:
        >>> with Loudspeakers(card, path, "--provider", "local", "--url", relay.url:
        ...     room.ask("tell me a story")
        ...     spoken = room.talk_over("stop")
    """

    def __init__(self, card: SoundCard, path: EchoPath, *arguments: str, keys: Mapping[str, str] | None = None) -> None:
        self.path = path
        self.voice = VoiceProcess(*arguments, environment={**card.environment, **(keys or {})}, folder=_ROOT)
        self.kept = np.empty(0, np.float32)
        """What the microphone heard, from `kept_at_s` on the clock of `time.monotonic`, once the session is over."""
        self.kept_at_s = 0.0

    def __enter__(self) -> Loudspeakers:
        self.voice.__enter__()
        try:
            self.voice.wait_for("session")
            self.kept_at_s = self.path.keep()
        except BaseException:
            self.voice.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.voice.__exit__(kind, error, _)
        if error is None:
            self.kept = self.path.kept()

    def ask(self, text: str) -> Said:
        """Say something in the silence, and return once the answer sounds."""
        answers = len(self.voice.of("audio.start"))
        said = self.path.say(speech(text, RATE_HZ, PERSON), level_db=None)
        self.voice.wait_for("audio.start", answers + 1)
        return said

    def talk_over(self, text: str) -> tuple[Spoken, Said]:
        """Say something over the answer, at the level of its echo, and return once the next answer sounds."""
        answers, before = len(self.voice.of("audio.start")), len(self.voice.of("transcript.user"))
        said = self.path.say(speech(text, RATE_HZ, PERSON))
        self.path.listen(said.samples.size / RATE_HZ)
        with contextlib.suppress(AssertionError):  # not heard, then: the figures say so
            self.voice.wait_for("audio.start", answers + 1)

        def after_ms(event: str, **fields: Any) -> float | None:
            times = [
                1000 * (one["t"] - said.sounds_at_s)
                for one in self.voice.of(event)
                if one["t"] >= said.begins_at_s and fields.items() <= one.items()
            ]
            return round(times[0]) if times else None

        understood = " ".join(one["text"].lower() for one in self.voice.of("transcript.user")[before:])
        steps = after_ms("duck"), after_ms("duck", reason=_SECOND_STEP)
        return Spoken(*steps, after_ms("barge_in"), understood), said

    def second_steps(self) -> list[float]:
        """Return the times at which the answer was turned down by 18 dB so far."""
        return [one["t"] for one in self.voice.of("duck") if one["reason"] == _SECOND_STEP]


class Comparison:
    """The microphone before and after the session, aligned by somebody's words in the silence."""

    def __init__(self, room: Loudspeakers, sent: bytes, alone: Said) -> None:
        """Align them.

        Args:
            room: The session.
            sent: PCM16 at the wire's rate, of its whole microphone so far.
            alone: The words.
        """
        self._after = np.frombuffer(sent[: len(sent) // 2 * 2], "<i2").astype(np.float32) / np.float32(32768)
        self._before = np.asarray(soxr.resample(room.kept, RATE_HZ, WIRE_HZ), np.float32)
        self._began_at_s = room.kept_at_s
        words = self._between(self._before, alone.begins_at_s, alone.ends_at_s)
        place = lag_of(self._after, words, round(_LONGEST_LAG_S * WIRE_HZ))
        self._lag = place - self._index(alone.begins_at_s)

    def erle_db(self, begin_s: float, end_s: float) -> float:
        """Return by how much the echo got quieter between two moments at which nobody talked."""
        return erle_db(self._between(self._before, begin_s, end_s), self._sent(begin_s, end_s))

    def near_loss_db(self, said: Said) -> float:
        """Return how much of somebody's words was lost on the way to the server."""
        near = np.asarray(soxr.resample(said.samples, RATE_HZ, WIRE_HZ), np.float32)
        sent = self._sent(said.begins_at_s - 0.03, said.ends_at_s + 0.03)
        return near_loss_db(near, sent, WIRE_HZ) if sent.size >= near.size else math.inf

    def _sent(self, begin_s: float, end_s: float) -> Signal:
        return self._after[self._index(begin_s) + self._lag : self._index(end_s) + self._lag]

    def _between(self, signal: Signal, begin_s: float, end_s: float) -> Signal:
        return signal[self._index(begin_s) : self._index(end_s)]

    def _index(self, moment_s: float) -> int:
        return round((moment_s - self._began_at_s) * WIRE_HZ)
