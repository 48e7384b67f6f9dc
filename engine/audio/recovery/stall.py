"""Stall detector: whether a stream still runs. Some end with a word, others are just never called again."""

from __future__ import annotations

from dataclasses import dataclass

STALLED_S = 5.0
"""A stream whose end nobody told is silent for so long. With 2 s, a sound server that was starved at a load of 9 to 13
was taken for dead, and opening it again cost 5 to 9 s of silence and the answer."""
START_S = 6.0
"""Longest wait for the first block: Bluetooth headsets change their mode first."""
_LONGEST_STEP_S = 0.5
"""Most that counts of the time between two checks: longer ones mean that this process was stopped, or the lid shut."""


@dataclass(frozen=True, slots=True)
class StreamState:
    """State of a stream at a moment."""

    active: bool
    """False once the library says that it ended."""
    input_calls: int | None
    """None where there is no microphone."""
    output_calls: int
    waiting: bool
    """Something of the answers has not been heard."""


class StallDetector:
    """Watches the callbacks of both directions of one stream.

    Example:
        >>> detector = StallDetector()
        >>> detector.is_running(StreamState(True, 100, 100, False), now_s=1.0)
        True
    """

    def __init__(self) -> None:
        self._calls = [0, 0]
        self._still_s = [0.0, 0.0]
        self._checked_at_s: float | None = None

    def is_running(self, stream: StreamState, now_s: float) -> bool:
        """Check again; False once the stream has ended, or one direction has been silent for too long."""
        passed_s = 0.0 if self._checked_at_s is None else min(now_s - self._checked_at_s, _LONGEST_STEP_S)
        self._checked_at_s = now_s
        for side, calls in enumerate((stream.input_calls, stream.output_calls)):
            moved = calls is None or calls != self._calls[side]
            self._still_s[side] = 0.0 if moved else self._still_s[side] + passed_s
            self._calls[side] = calls or 0
        patience_s = [STALLED_S if calls else START_S for calls in self._calls]
        return stream.active and all(still <= most for still, most in zip(self._still_s, patience_s, strict=True))
