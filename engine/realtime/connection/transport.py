"""Transport of events between a session and a server: a WebSocket, or a test double inside the process."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple, Protocol

from engine.realtime.protocol.client_events import ClientEvent
from engine.realtime.protocol.server_events import ServerEvent
from engine.realtime.providers.choose import ChosenProvider


class Received(NamedTuple):
    """An event from the server, with its time of arrival."""

    event: ServerEvent
    at_s: float
    """Time of arrival on the loop's clock, before decoding."""
    text: str | bytes = ""
    """The undecoded message; for recordings."""


class Transport(Protocol):
    """An open way to a server; one coroutine receives, any may send.

    `engine.realtime.connection.websocket` has the one of real sessions, `engine.realtime.testing` those of tests.
    """

    async def send(self, event: ClientEvent) -> None:
        """Put one event on its way; may wait while there is no room.

        Raises:
            ConnectionFailedError: the connection is closed.
        """

    async def receive(self) -> Received:
        """Return the next event; what can't be read comes as a `MalformedEvent`.

        Raises:
            ConnectionFailedError, AccessRefusedError, ProtocolBrokenError: the connection has ended.
        """

    async def close(self) -> None:
        """Say goodbye and release what is held, within some seconds; safe to call twice."""


Connect = Callable[[ChosenProvider], Coroutine[Any, Any, Transport]]
"""Opens a transport; raises a `VoiceError` where it cannot."""
