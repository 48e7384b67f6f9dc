"""The key of push-to-talk: held where the terminal reports its release, tapped on and off where it does not.

A terminal without releases repeats a key that is held, after half a second and then some thirty times a second. So a
second press ends the turn only if none follows at that pace; if one does, the turn ends when they stop.
"""

from __future__ import annotations

REPEAT_S = 0.12
"""Presses that come quicker are no taps: terminals repeat 10 to 50 times a second."""
LET_GO_S = 0.25
"""Without a repetition for so long the key is no longer held."""


class TalkKey:
    """Knows whether the person means to talk.

    Example:
        >>> key = TalkKey()
        >>> key.press(0.0); key.held
        True
        >>> key.press(3.0); key.decide(3.2); key.held
        False
    """

    def __init__(self) -> None:
        self.reports_release = False
        """Set where the terminal does."""
        self.held = False
        self.decide_at_s: float | None = None
        """Latest moment to call `decide`."""
        self._pressed_at_s = 0.0
        self._repeats = False

    def press(self, now_s: float) -> None:
        """Take a press, or a repetition of it."""
        if not self.held:
            self.held, self._repeats, self.decide_at_s = True, False, None
        elif not self.reports_release:
            self._repeats = self._repeats or now_s - self._pressed_at_s < REPEAT_S
            self.decide_at_s = now_s + (LET_GO_S if self._repeats else REPEAT_S)
        self._pressed_at_s = now_s

    def release(self) -> None:
        """Take the release."""
        self.held, self.decide_at_s = False, None

    def decide(self, now_s: float) -> None:
        """Let time decide what a press was."""
        if self.decide_at_s is not None and now_s >= self.decide_at_s:
            self.release()
