"""Error events nobody caused: benign ones, after which all goes on, and fatal ones, which end a session."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from engine.local.faults.fault import Forward, Moment, MomentFault
from engine.local.identifiers import new_id

_FATAL = {
    "invalid_api_key": (1008, "Incorrect API key provided."),
    "insufficient_quota": (1008, "You exceeded your current quota."),
    "account_deactivated": (1008, "The account is deactivated."),
    "beta_api_shape_disabled": (4000, "The beta's shape of the API is disabled."),
}
"""After which the server closes, and with which code."""


@dataclass
class Error(MomentFault):
    """An error event of a code comes each time so many seconds or events have passed.

    insufficient_quota, invalid_api_key, account_deactivated and beta_api_shape_disabled close the connection as well.
    """

    name = "error"
    code: str = "response_cancel_not_active"
    after: Moment = field(default_factory=lambda: Moment(events=20))
    repeats: ClassVar[bool] = True

    async def strike(self, forward: Forward) -> None:
        """Send it."""
        close_code, message = _FATAL.get(self.code, (None, "This error was asked for."))
        kind = "invalid_request_error" if close_code is None else "authentication_error"
        error = {"type": kind, "code": self.code, "message": message, "param": None, "event_id": None}
        await forward({"type": "error", "event_id": new_id("event"), "error": error})
        if close_code is not None:
            await self.line.close(close_code, self.code)
