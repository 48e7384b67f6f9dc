"""Conversation items, and the events of their coming and going."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engine.realtime.events.base import ServerError, ServerEvent, received


@dataclass(frozen=True, slots=True)
class ContentPart:
    """One part of a message."""

    type: str = ""
    """`input_text`, `input_audio`, `input_image`, `output_text` or `output_audio`; the `text` and `audio` of the beta
    and of the content_part events are given as `output_text` and `output_audio`."""
    text: str = ""
    transcript: str = ""
    """What is said in its audio."""
    audio: str = field(default="", repr=False)
    """Base64; only in items that were asked for by `conversation.item.retrieve`."""
    image_url: str = field(default="", repr=False)
    detail: str = ""
    """How closely an image is looked at."""


@dataclass(frozen=True, slots=True)
class Item:
    """A conversation item of any type; what its type does not have is empty."""

    id: str = ""
    type: str = ""
    """`message`, `function_call`, `function_call_output`, `mcp_list_tools`, `mcp_call`, `mcp_approval_request` or
    `mcp_approval_response`."""
    role: str = ""
    status: str = ""
    name: str = ""
    call_id: str = ""
    arguments: str = ""
    """JSON text, as the model wrote it."""
    output: str = ""
    """What a function or an MCP tool returned."""
    content: tuple[ContentPart, ...] = ()
    object: str = ""
    server_label: str = ""
    """The MCP server it is about."""
    tools: tuple[dict[str, Any], ...] = ()
    """What the MCP server offers: `name`, `description`, `input_schema`, `annotations`."""
    approval_request_id: str = ""
    approve: bool = False
    reason: str = ""
    """Why an approval was given or refused."""
    error: ServerError | None = None
    """Why an MCP call failed."""


@received("conversation.item.added")
@received("conversation.item.created")
@dataclass(frozen=True, slots=True)
class ItemAdded(ServerEvent):
    """conversation.item.added, or conversation.item.created of the beta, which one server sends twice."""

    item: Item = field(default_factory=Item)
    previous_item_id: str = ""


@received("conversation.item.done")
@dataclass(frozen=True, slots=True)
class ItemDone(ServerEvent):
    """conversation.item.done: the item is whole."""

    item: Item = field(default_factory=Item)
    previous_item_id: str = ""
