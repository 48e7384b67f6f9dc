"""Starts the configuration's MCP servers for a session, or says why there are none."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping

from engine.config_tables import McpServer
from engine.realtime.session_events import McpServerChanged, SessionEvent
from engine.realtime.tools.tool import Tool

_WITHOUT_PACKAGE = 'the package `mcp` is missing: run `pip install "voice-realtime[mcp]"`'


class StartedServers:
    """The servers of one session, started and not waited for."""

    def __init__(self) -> None:
        self._tools: asyncio.Task[list[Tool]] | None = None

    @classmethod
    async def start(
        cls, settings: Mapping[str, McpServer], emit: Callable[[SessionEvent], None], stack: contextlib.AsyncExitStack
    ) -> StartedServers:
        """Start them side by side; `stack` ends them, and `emit` is told of their states."""
        started = cls()
        if not settings:
            return started
        try:
            from engine.realtime.tools.mcp.servers import McpServers  # noqa: PLC0415 - an extra, and slow to load
        except ImportError:
            for name in settings:
                emit(McpServerChanged(name, "failed", _WITHOUT_PACKAGE))
            return started
        servers = await stack.enter_async_context(McpServers(settings, emit))
        started._tools = asyncio.create_task(servers.tools())
        stack.callback(started._tools.cancel)
        return started

    async def tools(self) -> list[Tool]:
        """Wait for every server, each for its own time at most."""
        return await self._tools if self._tools else []
