"""Session factories, which answer the clients of a server: the agent, or a script."""

from __future__ import annotations

from typing import Any, Protocol

from engine.local.link import Link
from engine.local.session import LocalSession
from engine.local.speech_worker import SpeechWorker


class ClientSession(Protocol):
    """One client's session."""

    async def open(self) -> None:
        """Begin."""

    async def handle(self, text: str) -> None:
        """Take a text frame."""

    async def refuse_binary(self) -> None:
        """Take a binary frame."""

    async def close(self) -> None:
        """End what still runs; the client is gone."""


class SessionFactory(Protocol):
    """Makes the sessions of a server."""

    lacks: list[str]
    """Sentences on what it cannot do."""

    def admit(self) -> int | None:
        """Say how to answer who connects: None with a session, else with an HTTP status."""

    def session(self, link: Link, wanted: dict[str, Any]) -> ClientSession:
        """Return the session of a client that was admitted, with what its client secret was made for."""

    def close(self) -> None:
        """End what it keeps for all sessions."""


class Agent:
    """The embedded agent, which listens and speaks."""

    def __init__(self) -> None:
        """Load what is installed.

        Raises:
            LibraryMissingError: espeak-ng is missing.
        """
        self._speech_worker = SpeechWorker()
        self.lacks = self._speech_worker.lacks

    def admit(self) -> int | None:
        """Everybody gets a session."""
        return None

    def session(self, link: Link, wanted: dict[str, Any]) -> ClientSession:
        """Return a new conversation."""
        return LocalSession(link.send, self._speech_worker, wanted)

    def close(self) -> None:
        """End the thread of speech."""
        self._speech_worker.close()
