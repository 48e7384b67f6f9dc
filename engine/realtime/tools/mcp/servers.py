"""The MCP servers of a session: started side by side, their tools made ours, ended on every way out."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from types import TracebackType
from typing import Any

from mcp import types

from engine.config_tables import McpServer
from engine.realtime.session_events import Lacking, McpServerChanged, SessionEvent
from engine.realtime.tools.mcp.connection import McpConnection
from engine.realtime.tools.tool import OnInterrupt, Tool

MOST_TOOLS = 128
"""As many as the services take in one session."""
_LONGEST = 64
_DIGEST_CHARS = 8
_FOREIGN = re.compile(r"[^A-Za-z0-9_-]")


class McpServers:
    """Starts the servers when it is entered, and does not wait for them until `tools` is asked."""

    def __init__(self, settings: Mapping[str, McpServer], emit: Callable[[SessionEvent], None]) -> None:
        """Prepare the servers.

        Args:
            settings: The configuration's, by name.
            emit: Given the state of each: ready, failed, lost, or given up.
        """
        self._settings = settings
        self._emit = emit
        self._connections: list[McpConnection] = []
        self._starts: list[asyncio.Task[list[types.Tool]]] = []

    async def __aenter__(self) -> McpServers:
        self._connections = [McpConnection(name, entry, self._emit) for name, entry in self._settings.items()]
        self._starts = [asyncio.create_task(connection.start()) for connection in self._connections]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        for start in self._starts:
            start.cancel()
        await asyncio.gather(*self._starts, return_exceptions=True)
        await asyncio.gather(*(connection.close() for connection in self._connections))

    async def tools(self) -> list[Tool]:
        """Wait for all servers, each for its own time at most; return the tools of those that started."""
        if self._starts:
            await asyncio.wait(self._starts)
        made: dict[str, Tool] = {}
        for connection, start in zip(self._connections, self._starts, strict=True):
            settings = self._settings[connection.name]
            failure = start.exception()
            if failure is not None:
                self._emit(McpServerChanged(connection.name, "failed", str(failure)))
                continue
            wanted = [tool for tool in start.result() if settings.tools is None or tool.name in settings.tools]
            if len(wanted) > MOST_TOOLS:
                known = f"MCP server {connection.name} has {len(wanted)} tools, of which {MOST_TOOLS} are offered"
                self._emit(Lacking(f"{known}: name those you want with `tools` in its table of the configuration."))
                wanted = wanted[:MOST_TOOLS]
            for tool in wanted:
                name = tool_name(connection.name, tool.name, made)
                made[name] = _as_tool(name, tool, connection, settings)
            self._emit(McpServerChanged(connection.name, "ready", tools=len(wanted)))
        return list(made.values())


def _as_tool(name: str, tool: types.Tool, connection: McpConnection, settings: McpServer) -> Tool:
    async def call(**arguments: Any) -> str:
        return await connection.call(tool.name, arguments)

    return Tool(
        name=name,
        description=tool.description or tool.title or tool.name,
        parameters=tool.input_schema,
        function=call,
        timeout_s=settings.timeout_s,
        on_interrupt=OnInterrupt(settings.on_interrupt),
    )


def tool_name(server: str, tool: str, taken: Collection[str] = ()) -> str:
    """Return a name of letters, digits, `_` and `-`, 64 at most, that is not taken.

    What has to be changed or cut gets a digest of the whole name, so that two tools never become one.

    Args:
        server: Name of the server in the configuration.
        tool: Name that the server gives the tool.
        taken: Names that are in use.

    Example:
        >>> tool_name("files", "read_file"), tool_name("files", "read file")
        ('files_read_file', 'files_read_file_b180fddd')
    """
    whole = f"{server}_{tool}"
    name = _FOREIGN.sub("_", whole)
    if name == whole and len(name) <= _LONGEST and name not in taken:
        return name
    digest = hashlib.sha256(whole.encode()).hexdigest()[:_DIGEST_CHARS]
    return f"{name[: _LONGEST - _DIGEST_CHARS - 1]}_{digest}"
