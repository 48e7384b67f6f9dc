"""Tool results the model has not spoken about yet, and the farewell after a tool has ended the conversation.

A user who speaks while a tool runs is answered first. The result is then spoken of only where that answer began before
the result was there, so that the model cannot have seen it.
"""

from __future__ import annotations

from engine.realtime.conversation.actions import InterruptTools, ToolResult
from engine.realtime.conversation.responses import Response, Responses


class PendingResults:
    """The part of a conversation's state that tools make.

    Example:
        >>> from engine.realtime.conversation.responses import State
        >>> response, pending_results = Response("r1", State.DONE, unanswered={"c1"}), PendingResults()
        >>> pending_results.returned(response, ToolResult("c1", "look", "1"))
        True
    """

    def __init__(self) -> None:
        self.pending = False
        """A tool that ran on through an interruption has returned, and no response has begun since."""
        self.remote_pending = False
        """The same of a call that the service made itself, interrupted or not."""
        self.farewell = False
        """A tool ended the conversation: it is over when the agent's last words have been heard."""

    def returned(self, response: Response, result: ToolResult) -> bool:
        """Note what a call of a response came to; return whether the model is to go on now."""
        response.unanswered.discard(result.call_id)
        response.owes_follow_up = True
        response.ends_conversation |= result.ends
        self.farewell |= result.ends and not response.interrupted
        self.pending |= response.interrupted and not result.stopped
        return response.take_follow_up()

    def user_turned(self, responses: Responses) -> list[InterruptTools]:
        """Note that the user speaks: this is no farewell any more. Return which calls that interrupts."""
        self.farewell = False
        calls = tuple(call_id for response in responses for call_id in sorted(response.unanswered))
        return [InterruptTools(calls)] if calls else []

    @property
    def waiting(self) -> bool:
        """Whether a result is still to be spoken of."""
        return self.pending or self.remote_pending

    def response_began(self) -> None:
        """Note that a response began: it sees all that was there before."""
        self.pending = self.remote_pending = False

    def take_pending(self, *, free: bool) -> bool:
        """Return True once, when something is to be spoken of and the conversation is free for it."""
        due = self.waiting and free
        if due:
            self.pending = self.remote_pending = False
        return due
