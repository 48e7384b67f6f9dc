"""Starts the configuration's MCP servers for a session, or says why there are none."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping

from engine.config_tables import McpServer
from engine.realtime.session_events import McpServerChanged, SessionEvent
from engine.realtime.tools.tool import Tool

_WITHOUT_PACKAGE = 'the package `mcp` is missing: run `pip install "voice-realtime[mcp]"`'


async def start_servers(
    settings: Mapping[str, McpServer], emit: Callable[[SessionEvent], None], stack: contextlib.AsyncExitStack
) -> asyncio.Future[list[Tool]]:
    """Start them side by side, without waiting; return their tools, which come once each is there or has failed.

    Args:
        settings: Of each server, by its name.
        emit: Told of their states.
        stack: Ends them.

    Example:
        >>> async with contextlib.AsyncExitStack() as stack:
        ...     tools = await start_servers({}, print, stack)
        ...     await tools
        []
    """
    tools: asyncio.Future[list[Tool]] = asyncio.get_running_loop().create_future()
    tools.set_result([])
    if not settings:
        return tools
    try:
        from engine.realtime.tools.mcp.servers import McpServers  # noqa: PLC0415 - an extra, and slow to load
    except ImportError:
        for name in settings:
            emit(McpServerChanged(name, "failed", _WITHOUT_PACKAGE))
        return tools
    servers = await stack.enter_async_context(McpServers(settings, emit))
    tools = asyncio.create_task(servers.tools())
    stack.callback(tools.cancel)
    return tools
