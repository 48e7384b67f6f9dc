"""Policy of opening connections again: after a loss, and before the server's limit for a session.

It says which losses are final, how long to wait, when to give up, and when to move a session to a new connection. It
has no I/O and no clock; `engine.realtime.connection.reconnecting` carries it out.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from engine.backoff import Backoff
from engine.errors import Advice, ConnectionFailedError, SessionClosedError, VoiceError

MAX_ATTEMPTS = 8
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 8.0
MAX_OUTAGE_S = 2.0
"""Greatest age of the microphone's audio that is sent when the connection is back."""
HEALTHY_S = 30.0
"""A connection that held so long had really come back: the next loss begins with the shortest wait again."""
_EARLIEST_SHARE, _EARLIEST_S = 0.1, 300.0
"""Beginning of the window in which a session is moved, before its limit: the shorter one of the two."""
_LATEST_SHARE, _LATEST_S = 0.02, 20.0
"""End of that window before the limit."""
LEAST_LEFT_S = 60.0
"""A server's word that less is left is not believed: its clock and ours may differ, and a session that moves on all the
time is worse than one that is ended once."""


def is_retried(error: VoiceError) -> bool:
    """Whether the same connection, opened again, may work; refused keys and broken protocols stay what they are."""
    return isinstance(error, ConnectionFailedError) and not isinstance(error, SessionClosedError)


@dataclass(frozen=True, slots=True)
class Attempt:
    """The next try."""

    number: int
    """From 1."""
    of: int
    wait_s: float
    """Wait before it."""


class RetryPolicy:
    """Counts the attempts of one session.

    Example:
        >>> policy = RetryPolicy()
        >>> policy.connected(now_s=0.0)
        >>> policy.lost(ConnectionFailedError("It broke."), now_s=60.0)
        Attempt(number=1, of=8, wait_s=0...)
    """

    def __init__(self, *, dice: random.Random | None = None) -> None:
        """Begin; `dice` draws the jitter."""
        self._backoff = Backoff(_FIRST_WAIT_S, _LONGEST_WAIT_S, HEALTHY_S, dice=dice or random.Random())
        self._connected_at_s: float | None = None

    def connected(self, now_s: float) -> None:
        """Note that a connection is open and the session set up on it."""
        self._connected_at_s = now_s

    def lost(self, error: VoiceError, now_s: float, *, at_once: bool = False) -> Attempt:
        """Take the loss of the connection, or the failure of an attempt; return the next one.

        Args:
            error: The error that was met.
            now_s: When.
            at_once: The server ended a session that had lasted long enough: the first attempt need not wait.

        Raises:
            VoiceError: `error` where it is final; a ConnectionFailedError that names it after the last attempt.
        """
        if not is_retried(error):
            raise error
        if self._connected_at_s is not None:
            self._backoff.held(now_s - self._connected_at_s)
        self._connected_at_s = None
        if self._backoff.failures >= MAX_ATTEMPTS:
            raise ConnectionFailedError(
                f"The connection was lost, and {MAX_ATTEMPTS} attempts did not bring it back. {error.message}",
                fix=f"Check the network. {Advice.AGAIN}",
            )
        wait_s = self._backoff.failed()
        number = self._backoff.failures
        return Attempt(number, MAX_ATTEMPTS, 0.0 if at_once and number == 1 else wait_s)


class Rotation:
    """The window before a limit in which a pause of the conversation is used, and its end, when nothing is waited for.

    Example:
        >>> rotation = Rotation(limit_s=3600)
        >>> rotation.begins_after_s, rotation.ends_after_s
        (3300.0, 3580.0)
    """

    def __init__(self, limit_s: float) -> None:
        """Take how long a session of the server may last, from its beginning."""
        self.begins_after_s = limit_s - min(_EARLIEST_S, _EARLIEST_SHARE * limit_s)
        self.ends_after_s = limit_s - min(_LATEST_S, _LATEST_SHARE * limit_s)
