"""The MCP servers of a session: started side by side, their tools made ours, ended on every way out."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from engine.audio.run_blocking import run_blocking
from engine.config_tables import McpServer
from engine.realtime.session_events import Lacking, McpServerChanged, SessionEvent
from engine.realtime.tools.tool import OnInterrupt, Tool, ToolError
from engine.redaction import plain_words

if TYPE_CHECKING:
    from mcp import types

    from engine.realtime.tools.mcp.connection import McpConnection

MOST_TOOLS = 128
"""As many as the services take in one session."""
_LONGEST = 64
_DIGEST_CHARS = 8
_FOREIGN = re.compile(r"[^A-Za-z0-9_-]")
_WITHOUT_PACKAGE = 'the package `mcp` is missing: run `pip install "voice-realtime[mcp]"`'


class McpServers:
    """Starts the servers when it is entered, and waits for none.

    Example:
        >>> async with McpServers({}, print) as servers:
        ...     servers.tools
        {}
    """

    def __init__(self, settings: Mapping[str, McpServer], emit: Callable[[SessionEvent], None]) -> None:
        """Prepare the servers.

        Args:
            settings: The configuration's, by name.
            emit: Given the state of each: ready, failed, lost, or given up.
        """
        self._settings = settings
        self._emit = emit
        self._connections: list[McpConnection] = []
        self._names: set[str] = set()
        self.tools: dict[str, asyncio.Task[list[Tool]]] = {}
        """The tools of each, once it has started; none of one that has failed."""

    async def __aenter__(self) -> McpServers:
        if self._settings:  # an extra, which takes long to load: a thread does it
            self._loading = asyncio.create_task(run_blocking(_connection_class))
        self.tools = {name: asyncio.create_task(self._start(name)) for name in self._settings}
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        starts = [*self.tools.values(), *([self._loading] if self._settings else [])]
        for start in starts:
            start.cancel()
        await asyncio.gather(*starts, return_exceptions=True)
        await asyncio.gather(*(connection.close() for connection in self._connections))

    async def _start(self, name: str) -> list[Tool]:
        """Start one server and return its tools; what prevents it is told."""
        settings = self._settings[name]
        try:
            connection = (await asyncio.shield(self._loading))(name, settings, self._emit)
            self._connections.append(connection)
            found = await connection.start()
        except Exception as error:  # the package may fail in any way
            self._emit(McpServerChanged(name, "failed", str(error)))
            return []
        wanted = [tool for tool in found if settings.tools is None or tool.name in settings.tools]
        if len(wanted) > MOST_TOOLS:
            known = f"MCP server {name} has {len(wanted)} tools, of which {MOST_TOOLS} are offered"
            self._emit(Lacking(f"{known}: name those you want with `tools` in its table of the configuration."))
        tools = [self._as_tool(tool, connection) for tool in wanted[:MOST_TOOLS]]
        self._emit(McpServerChanged(name, "ready", tools=len(tools)))
        return tools

    def _as_tool(self, tool: types.Tool, connection: McpConnection) -> Tool:
        settings = self._settings[connection.name]
        name = tool_name(connection.name, tool.name, self._names)
        self._names.add(name)

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


def _connection_class() -> type[McpConnection]:
    try:
        from engine.realtime.tools.mcp.connection import McpConnection  # noqa: PLC0415 - an extra, and slow to load
    except ImportError:
        raise ToolError(_WITHOUT_PACKAGE) from None
    except Exception as error:
        raise ToolError(f"the package `mcp` fails: {plain_words(error)}") from error
    return McpConnection


def tool_name(server: str, tool: str, taken: Collection[str] = ()) -> str:
    """Return a name of letters, digits, `_` and `-`, 64 at most, that is not taken.

    What has to be changed or cut gets a digest of both names, so that two tools never become one.

    Args:
        server: Name of the server in the configuration.
        tool: Name that the server gives the tool.
        taken: Names that are in use.

    Example:
        >>> tool_name("files", "read_file"), tool_name("files", "read file")
        ('files_read_file', 'files_read_file_d6387ca2')
    """
    whole = f"{server}_{tool}"
    name = _FOREIGN.sub("_", whole)
    if name == whole and len(name) <= _LONGEST and name not in taken:
        return name
    digest = hashlib.sha256(f"{server}/{tool}".encode()).hexdigest()[:_DIGEST_CHARS]
    return f"{name[: _LONGEST - _DIGEST_CHARS - 1]}_{digest}"
