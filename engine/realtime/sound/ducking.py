"""Ducking: turns an answer down while somebody seems to speak over it, and up again if nobody does.

Our own detector notices a voice 100 to 300 ms before a server says so. A suspicion turns the answer down a little,
speech turns it down a lot, and the server's word stops it, or ours where the session says so. What is turned down
counts as heard.
"""

from __future__ import annotations

from enum import Enum, StrEnum, auto

from engine.audio.processing.speech import SpeechLevel
from engine.config_tables import Interrupter
from engine.realtime.session_events import Duck, Unduck

DUCK_MS = 700
"""Time in which a voice is confirmed; a server's voice activity detection takes 100 to 600 ms."""
FALL_MS, RISE_MS = 30.0, 200.0
"""Durations of the fades down and up: at once, but without a click; back without a jump."""
_SUSTAINED_S = 0.2
"""Duration of speech that stops an answer without the server: a word, rather than a cough."""


class DuckState(Enum):
    """Loudness of the answer, and what is waited for."""

    FULL = auto()
    LOWERED = auto()
    LOW = auto()
    DISMISSED = auto()
    """At full level again: the suspicion was not confirmed, and only speech is heeded until it has passed."""
    REJECTED = auto()
    """At full level again: the speech was not confirmed, a television perhaps; not heeded until it has passed."""


class Signal(StrEnum):
    """Event that the loudness depends on; the value is the reason in the session events."""

    QUIET = "quiet"
    SUSPECTED = "suspected"
    SPEECH = "speech"
    TIMEOUT = "timeout"
    """Nothing has confirmed the voice in time."""
    CONFIRMED = "confirmed"
    """The answer is interrupted."""
    ENDED = "ended"
    """No answer sounds any more, or the microphone is muted."""


TRANSITIONS = {
    (DuckState.FULL, Signal.SUSPECTED): DuckState.LOWERED,
    (DuckState.FULL, Signal.SPEECH): DuckState.LOW,
    (DuckState.LOWERED, Signal.SPEECH): DuckState.LOW,
    (DuckState.LOWERED, Signal.TIMEOUT): DuckState.DISMISSED,
    (DuckState.LOW, Signal.TIMEOUT): DuckState.REJECTED,
    (DuckState.DISMISSED, Signal.SPEECH): DuckState.LOW,
    (DuckState.DISMISSED, Signal.QUIET): DuckState.FULL,
    (DuckState.REJECTED, Signal.QUIET): DuckState.FULL,
} | {(state, over): DuckState.FULL for state in DuckState for over in (Signal.CONFIRMED, Signal.ENDED)}
"""Any other signal changes nothing."""
GAINS_DB = dict.fromkeys(DuckState, 0.0) | {DuckState.LOWERED: -6.0, DuckState.LOW: -18.0}
_SIGNALS = {
    SpeechLevel.NONE: Signal.QUIET,
    SpeechLevel.SUSPECTED: Signal.SUSPECTED,
    SpeechLevel.SPEECH: Signal.SPEECH,
}


class Ducking:
    """Decides how loud the answers of a session are; pure.

    Example:
        >>> ducking = Ducking(duck_ms=700)
        >>> ducking.hear(SpeechLevel.SUSPECTED, captured_at_s=1.0, now_s=1.02)
        Duck(gain_db=-6.0, reason='suspected', delay_ms=20.0)
        >>> ducking.tick(now_s=1.8, sounds=True)
        Unduck(reason='timeout', ducked_ms=780.0)
    """

    def __init__(self, interrupter: Interrupter = Interrupter.BOTH, duck_ms: float = DUCK_MS) -> None:
        """Begin at full level.

        Args:
            interrupter: Whose word counts.
            duck_ms: Time until an answer returns that nobody has interrupted, from the latest step on.
        """
        self._interrupter = interrupter
        self._patience_s = duck_ms / 1000
        self.state = DuckState.FULL
        self._ducked_at_s = self._low_at_s = self._expires_at_s = 0.0
        self._level = SpeechLevel.NONE

    def hear(self, level: SpeechLevel, captured_at_s: float, now_s: float) -> Duck | None:
        """Take a judgement of the detector while an answer sounds; returns what it changes.

        Args:
            level: The judgement.
            captured_at_s: Time at which the microphone had taken what it is about.
            now_s: The present.
        """
        if self._interrupter is Interrupter.SERVER:
            return None
        self._level = level
        event = self._take(_SIGNALS[level], now_s, round(1000 * (now_s - captured_at_s), 1))
        return event if isinstance(event, Duck) else None

    def tick(self, now_s: float, *, sounds: bool) -> Unduck | None:
        """Let the time pass; `sounds` says whether an answer can be turned down."""
        signal = Signal.TIMEOUT if now_s >= self._expires_at_s else None
        return self._over(signal if sounds else Signal.ENDED, now_s)

    def interrupted(self, now_s: float) -> Unduck | None:
        """Take that the answer was stopped for good."""
        return self._over(Signal.CONFIRMED, now_s)

    def stops(self, now_s: float) -> bool:
        """Whether our own detector's word is to interrupt the answer now."""
        return (
            self._interrupter is Interrupter.LOCAL
            and self.state is DuckState.LOW
            and self._level is SpeechLevel.SPEECH
            and now_s - self._low_at_s >= _SUSTAINED_S
        )

    def _over(self, signal: Signal | None, now_s: float) -> Unduck | None:
        event = self._take(signal, now_s) if signal else None
        return event if isinstance(event, Unduck) else None

    def _take(self, signal: Signal, now_s: float, delay_ms: float = 0.0) -> Duck | Unduck | None:
        earlier, self.state = self.state, TRANSITIONS.get((self.state, signal), self.state)
        gain_db, earlier_db = GAINS_DB[self.state], GAINS_DB[earlier]
        if gain_db == earlier_db:
            return None
        if not gain_db:
            return Unduck(signal.value, round(1000 * (now_s - self._ducked_at_s), 1))
        if not earlier_db:
            self._ducked_at_s = now_s
        self._low_at_s, self._expires_at_s = now_s, now_s + self._patience_s
        return Duck(gain_db, signal.value, delay_ms)
