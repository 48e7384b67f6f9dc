"""Events about the session as a whole: its settings, its conversation, its rate limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engine.realtime.events.base import ServerEvent, received, wire


@dataclass(frozen=True, slots=True)
class SessionEvent(ServerEvent):
    """The session as the server has it; beta settings have been given their GA places."""

    session_id: str = wire("session.id", "")
    model: str = wire("session.model", "")
    output_rate_hz: int | None = wire("session.audio.output.format.rate", None)
    """None where a server does not say; one sends null."""
    input_rate_hz: int | None = wire("session.audio.input.format.rate", None)
    expires_at: int | None = wire("session.expires_at", None)
    """Unix time at which the service will end the session, where it says so."""
    session: dict[str, Any] = field(default_factory=dict, repr=False)
    """All of it, as it came."""


@received("session.created")
@dataclass(frozen=True, slots=True)
class SessionCreated(SessionEvent):
    """session.created."""


@received("session.updated")
@dataclass(frozen=True, slots=True)
class SessionUpdated(SessionEvent):
    """session.updated; one server sends it twice."""

    creates_response: bool | None = wire("session.audio.input.turn_detection.create_response", None)
    """Whether the server answers turns by itself; None where it does not say."""
