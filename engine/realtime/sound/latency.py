"""The latency timeline of a session: every duration that is measured, with median and worst case; a turn's clock."""

from __future__ import annotations

import random
import statistics
from dataclasses import dataclass

from engine.audio.playback.segments import ItemKey

_KEPT = 4096
"""Samples of one kind; beyond it a random sample of all is kept, so that a session of days stays small."""
_SEED = 1
_LONGEST_BELIEVED_S = 60.0
"""A server that counts its milliseconds differently would say that the user stopped long ago, or not yet."""


class Durations:
    """Durations of one kind in milliseconds: exact count and worst case, quantiles of an even sample (Vitter's R)."""

    def __init__(self) -> None:
        self.count = 0
        self.worst_ms = 0.0
        self._sample: list[float] = []
        self._dice = random.Random(_SEED)

    def add(self, duration_ms: float) -> None:
        """Take one measurement."""
        self.count += 1
        self.worst_ms = max(self.worst_ms, duration_ms)
        if len(self._sample) < _KEPT:
            self._sample.append(duration_ms)
        elif (place := self._dice.randrange(self.count)) < _KEPT:
            self._sample[place] = duration_ms

    @property
    def samples_ms(self) -> list[float]:
        """The even sample: all measurements in order, up to 4096 of them."""
        return list(self._sample)

    @property
    def median_ms(self) -> float | None:
        """The median, or None where nothing was measured."""
        return statistics.median(self._sample) if self._sample else None


class LatencyTimeline:
    """The measurements of one session."""

    def __init__(self) -> None:
        self.capture_to_wire = Durations()
        """A microphone block's last frame to the socket."""
        self.wire_to_ring = Durations()
        """An audio delta from the socket to the player."""
        self.turn = Durations()
        """The end of the user's speech to the first sound of the answer, device latency included."""
        self.turn_heard = Durations()
        """The same from the last word as our own detector hears it, where the microphone is processed."""
        self.barge_in = Durations()
        """speech_started to the end of the fade, device latency not included."""

    def summary(self) -> dict[str, float | None]:
        """Return `<kind>_ms` (median) and `<kind>_max_ms` of each kind; None where nothing was measured."""
        figures: dict[str, float | None] = {}
        for kind, durations in vars(self).items():
            median_ms = durations.median_ms
            figures[f"{kind}_ms"] = None if median_ms is None else round(median_ms, 2)
            figures[f"{kind}_max_ms"] = round(durations.worst_ms, 2) if durations.count else None
        return figures


@dataclass(frozen=True, slots=True)
class Awaited:
    """An answer whose first sound has not left yet."""

    response_id: str
    key: ItemKey


class TurnClock:
    """Remembers when the user stopped, and which answer is to sound next."""

    def __init__(self) -> None:
        self._speech_ended_at_s: float | None = None
        self._voice_at_s: float | None = None
        self._announced: str | None = None
        self.awaited: Awaited | None = None

    def speech_stopped(self, said_at_s: float, now_s: float) -> None:
        """Note the end of the user's speech.

        Args:
            said_at_s: Time at which the microphone took the last word, as the server places it.
            now_s: Time at which the server said so.
        """
        believed = 0.0 <= now_s - said_at_s <= _LONGEST_BELIEVED_S
        self._speech_ended_at_s = said_at_s if believed else now_s

    def voice_heard(self, at_s: float) -> None:
        """Note that our own detector hears somebody."""
        self._voice_at_s = at_s

    def since_voice_ms(self, at_s: float) -> float | None:
        """Milliseconds since the last word as our own detector heard it, once; None where it heard nobody."""
        voice_at_s, self._voice_at_s = self._voice_at_s, None
        believed = voice_at_s is not None and at_s - voice_at_s <= _LONGEST_BELIEVED_S
        return 1000 * max(0.0, at_s - voice_at_s) if voice_at_s is not None and believed else None

    def audio_queued(self, response_id: str, key: ItemKey) -> None:
        """Note that audio of an answer is on its way to the device."""
        if response_id != self._announced:
            self._announced = response_id
            self.awaited = Awaited(response_id, key)

    def interrupted(self) -> None:
        """Note that nothing which was queued will sound, and that no more of it comes: an id may be used again."""
        self.awaited = self._announced = None

    def sounded(self, at_s: float) -> float | None:
        """Note that the awaited answer sounds since `at_s`; return the turn's milliseconds, once for each turn."""
        self.awaited = None
        ended_at_s, self._speech_ended_at_s = self._speech_ended_at_s, None
        return None if ended_at_s is None else 1000 * (at_s - ended_at_s)
