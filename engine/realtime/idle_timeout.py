"""How long nothing has happened in a conversation, and whether it is therefore to end."""

from __future__ import annotations

QUIET_S = 1.5
"""After the input's end: how long nothing may happen until the conversation counts as over. A server needs the silence
that ends a turn (0.4 s), and time to recognise it."""
UNANSWERED_S = 15.0
"""How long a turn may wait for its answer to begin: some are never answered."""
PARTING_S = 60.0
"""After the agent ended the conversation: how long its last words may take to come and be heard."""


class QuietWatch:
    """Is told from time to time what goes on.

    Example:
        >>> quiet = QuietWatch(idle_timeout_s=60)
        >>> quiet.begin(now_s=0.0)
        >>> quiet.reason_to_end(59.0, busy=False, input_ended=False)
        ''
        >>> quiet.reason_to_end(61.0, busy=False, input_ended=False)
        'nobody has spoken for 60 s'
    """

    def __init__(self, *, until_input_ends: bool = False, idle_timeout_s: float | None = None) -> None:
        """Make a watch.

        Args:
            until_input_ends: A conversation ends with its input and the last answer.
            idle_timeout_s: And when nobody has spoken for so long; None waits for ever.
        """
        self._until_input_ends = until_input_ends
        self._idle_timeout_s = idle_timeout_s
        self.begin(0.0)

    def begin(self, now_s: float) -> None:
        """Count from here."""
        self._active_at_s = self._spoke_at_s = self._waits_since_s = self._stays_at_s = now_s

    def reason_to_end(
        self,
        now_s: float,
        *,
        busy: bool,
        input_ended: bool,
        waits: bool = False,
        unasked: bool = False,
        parting: bool = False,
    ) -> str:
        """Take note of what goes on, and say why the conversation is to end; "" where it is to go on.

        Args:
            now_s: The clock.
            busy: Somebody speaks, is answered, or a tool runs.
            input_ended: Nothing more will be said.
            waits: It is busy only in that the server has not begun to answer.
            unasked: What goes on is the server's own reaction to the silence, by which nobody has spoken.
            parting: The agent has ended the conversation.
        """
        if not parting:
            self._stays_at_s = now_s
        elif not busy or now_s - self._stays_at_s > PARTING_S:
            return "the agent ended the conversation"
        if not waits:
            self._waits_since_s = now_s
        busy = busy and now_s - self._waits_since_s < UNANSWERED_S
        if busy and not unasked:
            self._spoke_at_s = now_s
        if busy or not input_ended:
            self._active_at_s = now_s
        if self._until_input_ends and now_s - self._active_at_s > QUIET_S:
            return "the input has ended"
        patience_s = self._idle_timeout_s
        if patience_s is not None and not busy and now_s - self._spoke_at_s > patience_s:
            return f"nobody has spoken for {patience_s:g} s"
        return ""
