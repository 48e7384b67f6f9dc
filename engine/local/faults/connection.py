"""Faults of the connection: it closes, dies without a word, leaves pings unanswered, expires, or errors end it."""

from __future__ import annotations

from typing import ClassVar

from engine.local.faults.fault import Fault, Forward, Line, Moment, MomentFault
from engine.local.protocol.identifiers import new_id


class Close(MomentFault, name="close"):
    """At a moment the connection closes with a code; 1005 sends none, 1006 and 1015 break the connection."""

    code: int = 1011
    after: Moment = Moment(seconds=5.0)
    reason: str = ""

    async def strike(self, _forward: Forward) -> None:
        """Close."""
        await self.line.close(self.code, self.reason)


class HalfOpen(MomentFault, name="half-open"):
    """From a moment on nothing is answered, pings neither, and nothing sent; the socket stays open."""

    after: Moment = Moment(seconds=5.0)

    async def strike(self, _forward: Forward) -> None:
        """Fall silent."""
        self.line.go_silent()


class NoPong(Fault, name="no-pong"):
    """Pings of the WebSocket stay unanswered while everything else goes on."""

    def attach(self, line: Line) -> None:
        """Begin to ignore them."""
        super().attach(line)
        line.ignore_pings()


class Expiry(MomentFault, name="expiry"):
    """At a moment the session has expired: the error `session_expired`, then close 1001."""

    after: Moment = Moment(seconds=60.0)

    async def strike(self, forward: Forward) -> None:
        """Expire."""
        message = "Your session hit the maximum duration."
        error = {"type": "invalid_request_error", "code": "session_expired", "message": message}
        await forward({"type": "error", "event_id": new_id("event"), "error": {**error, "param": None}})
        await self.line.close(1001, "session_expired")


_FATAL = {
    "invalid_api_key": (1008, "Incorrect API key provided."),
    "insufficient_quota": (1008, "You exceeded your current quota."),
    "account_deactivated": (1008, "The account is deactivated."),
    "beta_api_shape_disabled": (4000, "The beta's shape of the API is disabled."),
}
"""After which the server closes, and with which code."""


class Error(MomentFault, name="error"):
    """An error event of a code comes each time so many seconds or events have passed.

    insufficient_quota, invalid_api_key, account_deactivated and beta_api_shape_disabled close the connection as well.
    """

    code: str = "response_cancel_not_active"
    after: Moment = Moment(events=20)
    repeats: ClassVar[bool] = True

    async def strike(self, forward: Forward) -> None:
        """Send it."""
        close_code, message = _FATAL.get(self.code, (None, "This error was asked for."))
        kind = "invalid_request_error" if close_code is None else "authentication_error"
        error = {"type": kind, "code": self.code, "message": message, "param": None, "event_id": None}
        await forward({"type": "error", "event_id": new_id("event"), "error": error})
        if close_code is not None:
            await self.line.close(close_code, self.code)
