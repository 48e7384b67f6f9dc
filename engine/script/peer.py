"""The server's end of a connection, which the steps of a script act on: what the client sent is read in its order."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from typing import Any, ClassVar

from engine.script.patterns import difference

PROBE = "conversation.item.retrieve"
"""Question of a client whether anybody is there; any server answers it, if only with an error."""


class Peer:
    """Client events that have come, and values that were saved; a subclass puts events in, and sends."""

    mistake: ClassVar[type[Exception]]
    """Raised where something else comes than is expected, or nothing."""

    def __init__(self, *, ignoring: frozenset[str], patience_s: float) -> None:
        """Wait so long for what is expected; `ignoring` names client events that may come at any time."""
        self.values: dict[str, Any] = {}
        """Values that steps have saved, by name."""
        self.audio_samples = 0
        """Samples of the microphone that have come in all."""
        self._ignoring = ignoring
        self._patience_s = patience_s
        self._unread: deque[dict[str, Any]] = deque()
        self._arrived = asyncio.Event()
        self._has_left = False

    async def expect(self, kind: str, having: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the client's next event that is not ignored, which must be of this type and match this.

        Raises:
            Exception: `mistake`, where another came, or none in time.
        """
        pattern = {"type": kind, **(having or {})}
        try:
            async with asyncio.timeout(self._patience_s):
                while True:
                    while not self._unread:
                        await self._news()
                    event = self._unread.popleft()
                    wrong = difference(event, pattern)
                    if wrong is None:
                        return event
                    if event["type"] not in self._ignoring:
                        shown = shortened(json.dumps(event, ensure_ascii=False))
                        raise self.mistake(f"Expected {kind}, but {wrong}. It was {shown}")
        except TimeoutError:
            raise self.mistake(f"Expected {kind}, but nothing came within {self._patience_s:g} s.") from None

    async def hear(self, seconds: float, rate_hz: int = 24000) -> None:
        """Wait until so much more of the microphone has come.

        Raises:
            Exception: `mistake`, where it did not come in time.
        """
        until = self.audio_samples + round(seconds * rate_hz)
        try:
            async with asyncio.timeout(seconds + self._patience_s):
                while self.audio_samples < until:
                    await self._news()
        except TimeoutError:
            raise self.mistake("The microphone's audio did not come in time.") from None

    async def _news(self) -> None:
        """Wait until more has come.

        Raises:
            ConnectionError: nothing will, for the client has left.
        """
        if self._has_left:
            raise ConnectionResetError
        self._arrived.clear()
        await self._arrived.wait()

    async def send(self, kind: str, **fields: Any) -> None:
        """Send one event."""
        raise NotImplementedError

    def close_with(self, code: int | None = 1000, reason: str = "") -> None:
        """Close the connection as a server does; None or 1006 breaks it without a word."""
        raise NotImplementedError

    def go_silent(self) -> None:
        """Be a half-open connection: take everything, answer nothing, say nothing."""
        raise NotImplementedError


def shortened(text: str) -> str:
    """A text as a message may quote it."""
    return text if len(text) <= 300 else f"{text[:297]}..."
