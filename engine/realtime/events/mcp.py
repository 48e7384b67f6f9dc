"""Events of MCP tools that the service calls itself."""

from __future__ import annotations

from dataclasses import dataclass

from engine.realtime.events.base import ServerEvent, received


@received("mcp_list_tools.in_progress", status="in_progress")
@received("mcp_list_tools.completed", status="completed")
@received("mcp_list_tools.failed", status="failed")
@dataclass(frozen=True, slots=True)
class McpListing(ServerEvent):
    """mcp_list_tools.in_progress, .completed and .failed: the service asks an MCP server what it offers."""

    item_id: str = ""
    status: str = ""


@received("response.mcp_call.in_progress", status="in_progress")
@received("response.mcp_call.completed", status="completed")
@received("response.mcp_call.failed", status="failed")
@dataclass(frozen=True, slots=True)
class McpCall(ServerEvent):
    """response.mcp_call.in_progress, .completed and .failed; the item that is done says how it went."""

    item_id: str = ""
    output_index: int = 0
    status: str = ""
