"""Measures a turn: from the end of the user's speech to the first sound of the answer."""

from __future__ import annotations

from dataclasses import dataclass

from engine.audio.playback.segments import ItemKey

_LONGEST_BELIEVED_S = 60.0
"""A server that counts its milliseconds differently would say that the user stopped long ago, or not yet."""


@dataclass(frozen=True, slots=True)
class Awaited:
    """An answer whose first sound has not left yet."""

    response_id: str
    key: ItemKey


class TurnClock:
    """Remembers when the user stopped, and which answer is to sound next."""

    def __init__(self) -> None:
        self._speech_ended_at_s: float | None = None
        self._announced: str | None = None
        self.awaited: Awaited | None = None

    def speech_stopped(self, said_at_s: float, now_s: float) -> None:
        """Note the end of the user's speech.

        Args:
            said_at_s: When the microphone took the last word, as the server places it.
            now_s: When the server said so.
        """
        believed = 0.0 <= now_s - said_at_s <= _LONGEST_BELIEVED_S
        self._speech_ended_at_s = said_at_s if believed else now_s

    def audio_queued(self, response_id: str, key: ItemKey) -> None:
        """Note that audio of an answer is on its way to the device."""
        if response_id != self._announced:
            self._announced = response_id
            self.awaited = Awaited(response_id, key)

    def interrupted(self) -> None:
        """Note that nothing which was queued will sound."""
        self.awaited = None

    def sounded(self, at_s: float) -> float | None:
        """Note that the awaited answer sounds since `at_s`; return the turn's milliseconds, once for each turn."""
        self.awaited = None
        ended_at_s, self._speech_ended_at_s = self._speech_ended_at_s, None
        return None if ended_at_s is None else 1000 * (at_s - ended_at_s)
