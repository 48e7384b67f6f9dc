"""Idle timeout and end-of-conversation policy."""

from __future__ import annotations

AFTER_INPUT_S = 1.5
"""Time without activity after the input's end until the conversation counts as over. A server needs the silence that
ends a turn (0.4 s), and time to recognise it."""
FAREWELL_S = 60.0
"""Longest time the agent's farewell may take to come and be heard, after it ended the conversation."""


class IdleTimeout:
    """Decides from regular reports of what goes on when a conversation ends.

    Example:
        >>> idle_timeout = IdleTimeout(idle_timeout_s=60)
        >>> idle_timeout.begin(now_s=0.0)
        >>> idle_timeout.end_reason(59.0, busy=False, input_ended=False)
        ''
        >>> idle_timeout.end_reason(61.0, busy=False, input_ended=False)
        'nobody has spoken for 60 s'
    """

    def __init__(self, *, until_input_ends: bool = False, idle_timeout_s: float | None = None) -> None:
        """Make a policy.

        Args:
            until_input_ends: A conversation ends with its input and the last answer.
            idle_timeout_s: And when nobody has spoken for so long; None waits for ever.
        """
        self._until_input_ends = until_input_ends
        self._idle_timeout_s = idle_timeout_s
        self.begin(0.0)

    def begin(self, now_s: float) -> None:
        """Count from here."""
        self._active_at_s = self._spoke_at_s = self._stays_at_s = now_s

    def end_reason(
        self,
        now_s: float,
        *,
        busy: bool,
        input_ended: bool,
        unasked: bool = False,
        farewell: bool = False,
    ) -> str:
        """Take note of what goes on, and say why the conversation is to end; "" where it is to go on.

        Args:
            now_s: The clock.
            busy: Somebody speaks, is answered, or a tool runs.
            input_ended: Nothing more will be said.
            unasked: What goes on is the server's own reaction to the silence, by which nobody has spoken.
            farewell: The agent has ended the conversation.
        """
        if not farewell:
            self._stays_at_s = now_s
        elif not busy or now_s - self._stays_at_s > FAREWELL_S:
            return "the agent ended the conversation"
        if busy and not unasked:
            self._spoke_at_s = now_s
        if busy or not input_ended:
            self._active_at_s = now_s
        if self._until_input_ends and now_s - self._active_at_s > AFTER_INPUT_S:
            return "the input has ended"
        timeout_s = self._idle_timeout_s
        if timeout_s is not None and not busy and now_s - self._spoke_at_s > timeout_s:
            return f"nobody has spoken for {timeout_s:g} s"
        return ""
