"""What tools leave to be said: whether the model is to go on after a result, and whether it is saying goodbye.

A user who speaks while a tool runs is answered first. The result is then spoken of only where that answer began before
the result was there, so that the model cannot have seen it.
"""

from __future__ import annotations

from engine.realtime.conversation.actions import InterruptTools, ToolResult
from engine.realtime.conversation.responses import Response, Responses


class FollowUps:
    """The part of a conversation's state that tools make.

    Example:
        >>> response, follow_ups = Response("r1", active=False, unanswered={"c1"}), FollowUps()
        >>> follow_ups.returned(response, ToolResult("c1", "look", "1"))
        True
    """

    def __init__(self) -> None:
        self.unspoken = False
        """A tool that ran on through an interruption has returned, and no response has begun since."""
        self.remote_unspoken = False
        """The same of a call that the service made itself, interrupted or not."""
        self.parting = False
        """A tool ended the conversation: it is over when the agent's last words have been heard."""

    def returned(self, response: Response, result: ToolResult) -> bool:
        """Note what a call of a response came to; return whether the model is to go on now."""
        response.unanswered.discard(result.call_id)
        response.owes_follow_up = True
        response.ends_conversation |= result.ends
        self.parting |= result.ends and not response.interrupted
        self.unspoken |= response.interrupted and not result.stopped
        return response.take_follow_up()

    def user_turned(self, responses: Responses) -> list[InterruptTools]:
        """Note that the user speaks: nobody parts now. Return which calls that interrupts."""
        self.parting = False
        calls = tuple(call_id for response in responses for call_id in sorted(response.unanswered))
        return [InterruptTools(calls)] if calls else []

    @property
    def waiting(self) -> bool:
        """Whether something is still to be spoken of."""
        return self.unspoken or self.remote_unspoken

    def response_began(self) -> None:
        """Note that a response began: it sees all that was there before."""
        self.unspoken = self.remote_unspoken = False

    def take_unspoken(self, *, free: bool) -> bool:
        """Return True once, when something is to be spoken of and the conversation is free for it."""
        due = self.waiting and free
        if due:
            self.unspoken = self.remote_unspoken = False
        return due
