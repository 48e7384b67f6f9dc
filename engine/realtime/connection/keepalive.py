"""Tells whether a silent server is still there: asks it something harmless, and believes any answer.

A half-open connection gives no error: the microphone's audio goes out and nothing comes back, for minutes. But a
server that has nothing to say is as silent, so it has to be asked. WebSocket pings do not serve: one service was seen
not to answer them while audio flows, and what lies between (a proxy, a load balancer) may answer in its place. A
client event works everywhere: `conversation.item.retrieve` of an item that cannot exist changes nothing, and every
server answers it, if only with an error, which names our event. A server that has never done so may drop what it does
not know: until then a pong, which is asked for with it, is believed too.
"""

from __future__ import annotations

from enum import Enum, auto

from engine.realtime.protocol import server_events as e
from engine.realtime.protocol.client_events import RetrieveItem

PROBE_AFTER_S = 10.0
"""Silence until the server is probed: a probe is 120 bytes, the microphone's audio in that time 650,000."""
DEAD_AFTER_S = 5.0
"""Without an answer to the probe; the slowest mobile networks take two."""
PROBE_ITEM_ID = "voice_are_you_there"
_MOST_PONGS = 4
"""Pongs that are believed one after the other: what lies between the server and us may go on for ever."""
_LONGEST_STEP_S = 1.0
"""Most that counts of the time between two checks: longer ones mean that this process was stopped, or the lid shut."""


class Verdict(Enum):
    """The next thing to do."""

    NOTHING = auto()
    PROBE = auto()
    """Ask the server, with an event id of the caller's choice."""
    DEAD = auto()
    """Leave the connection."""


class Keepalive:
    """Watches the connections of one session, one after the other.

    A server that ignores what it does not know and answers no ping would look dead. The first time, it is left; if the
    next connection brings no answer to a probe either, that is how this server is, and its silence is believed no more.
    """

    def __init__(self) -> None:
        self._silent_s = 0.0
        self._checked_at_s: float | None = None
        self._probe = ""
        """The event id of the newest one on this connection; its answer may come behind another event, or twice."""
        self._waits = False
        """For any sign of life since then."""
        self._pongs = 0
        """In a row, without any event."""
        self._has_answered = False
        self._has_failed = False

    def connected(self) -> None:
        """Note that a new connection begins."""
        self._silent_s, self._checked_at_s, self._probe, self._waits = 0.0, None, "", False

    def probed(self, event_id: str) -> None:
        """Note that a probe with this id is on its way."""
        self._probe, self._waits = event_id, True
        self._silent_s = 0.0

    def heard(self, event: e.ServerEvent) -> bool:
        """Note that an event came; True if it is an answer to the probe, and of no interest to anybody else."""
        is_pong = isinstance(event, e.Pong)
        self._pongs = self._pongs + 1 if is_pong else 0
        if is_pong and (self._has_answered or self._pongs > _MOST_PONGS):
            return True
        self._silent_s, self._waits = 0.0, False
        answers = bool(self._probe) and self._answers(event)
        self._has_answered = self._has_answered or answers
        return answers or is_pong

    def check(self, now_s: float) -> Verdict:
        """Check the silence, about once a second."""
        passed_s = 0.0 if self._checked_at_s is None else min(now_s - self._checked_at_s, _LONGEST_STEP_S)
        self._checked_at_s = now_s
        self._silent_s += passed_s
        if not self._waits:
            return Verdict.PROBE if self._silent_s >= PROBE_AFTER_S else Verdict.NOTHING
        is_believed = self._has_answered or not self._has_failed
        if self._silent_s < DEAD_AFTER_S or not is_believed:
            return Verdict.NOTHING
        self._has_failed = True
        return Verdict.DEAD

    def _answers(self, event: e.ServerEvent) -> bool:
        """Whether this is the answer: an error that names the probe, or at least its item or its type."""
        if isinstance(event, e.ErrorEvent):
            error = event.error
            return error.event_id == self._probe or any(
                word in error.message for word in (PROBE_ITEM_ID, RetrieveItem.type)
            )
        return False
