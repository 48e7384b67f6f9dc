"""Events of a response as a whole and of the items it is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engine.realtime.events.base import ServerError, ServerEvent, received, wire
from engine.realtime.events.items import Item
from engine.realtime.events.usage import Usage


@received("response.created")
@dataclass(frozen=True, slots=True)
class ResponseCreated(ServerEvent):
    """response.created."""

    response_id: str = wire("response.id", "")
    metadata: dict[str, Any] | None = wire("response.metadata", None, shown=False)
    """What the response.create carried."""
    conversation_id: str = wire("response.conversation_id", "", shown=False)
    """Empty for a response outside of the conversation."""
    response: dict[str, Any] = field(default_factory=dict, repr=False)
    """All of it, as it came."""


@received("response.done")
@dataclass(frozen=True, slots=True)
class ResponseDone(ServerEvent):
    """response.done: generated, which is not heard."""

    response_id: str = wire("response.id", "")
    status: str = wire("response.status", "")
    """`completed`, `cancelled`, `failed` or `incomplete`."""
    reason: str = wire("response.status_details.reason", "")
    """`turn_detected`, `client_cancelled`, `max_output_tokens`, `content_filter` or nothing."""
    error: ServerError | None = wire("response.status_details.error", None)
    usage: Usage | None = wire("response.usage", None)
    output: tuple[Item, ...] = wire("response.output", (), shown=False)
    metadata: dict[str, Any] | None = wire("response.metadata", None, shown=False)
    conversation_id: str = wire("response.conversation_id", "", shown=False)
    response: dict[str, Any] = field(default_factory=dict, repr=False)
    """All of it, as it came."""


@received("response.output_item.added")
@dataclass(frozen=True, slots=True)
class OutputItemAdded(ServerEvent):
    """response.output_item.added."""

    response_id: str = ""
    item: Item = field(default_factory=Item)
    output_index: int = 0


@received("response.output_item.done")
@dataclass(frozen=True, slots=True)
class OutputItemDone(ServerEvent):
    """response.output_item.done: the one event in which a call's name and arguments are always whole."""

    response_id: str = ""
    item: Item = field(default_factory=Item)
    output_index: int = 0
