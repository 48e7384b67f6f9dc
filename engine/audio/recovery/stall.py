"""Tells whether a stream still runs: some end with a word, others are just never called again."""

from __future__ import annotations

from dataclasses import dataclass

STALLED_S = 2.0
"""Ten of the longest blocks; a sound server that is late on a busy machine is late by tenths of a second."""
START_S = 6.0
"""What the first block may take: Bluetooth headsets change their mode first."""
_LONGEST_LOOK_S = 0.5
"""Time in which nobody looked is no time in which nothing happened: this process was stopped, or the lid was shut."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is to see of a stream at a moment."""

    active: bool
    """False once the library says that it ended."""
    input_calls: int
    output_calls: int
    waiting: bool
    """Something of the answers has not been heard."""


class Heartbeat:
    """Watches the callbacks of both directions of one stream.

    Example:
        >>> heartbeat = Heartbeat()
        >>> heartbeat.lives(Seen(True, 100, 100, False), now_s=1.0)
        True
    """

    def __init__(self) -> None:
        self._calls = [0, 0]
        self._still_s = [0.0, 0.0]
        self._looked_at_s: float | None = None

    def lives(self, seen: Seen, now_s: float) -> bool:
        """Look again; False once the stream has ended, or one direction has been silent for too long."""
        passed_s = 0.0 if self._looked_at_s is None else min(now_s - self._looked_at_s, _LONGEST_LOOK_S)
        self._looked_at_s = now_s
        for side, calls in enumerate((seen.input_calls, seen.output_calls)):
            moved = calls != self._calls[side]
            self._still_s[side] = 0.0 if moved else self._still_s[side] + passed_s
            self._calls[side] = calls
        patience_s = [STALLED_S if calls else START_S for calls in self._calls]
        return seen.active and all(still <= most for still, most in zip(self._still_s, patience_s, strict=True))
