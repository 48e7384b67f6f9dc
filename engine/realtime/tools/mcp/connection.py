"""One MCP server from its start to its end: kept running, asked, and started again when it is lost."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Callable
from typing import Any

import anyio
from mcp import Client, MCPError, types

from engine.backoff import Backoff
from engine.config_tables import McpServer
from engine.realtime.session_events import McpServerChanged, SessionEvent
from engine.realtime.tools.mcp.content import text_of
from engine.realtime.tools.mcp.transports import open_transport
from engine.realtime.tools.printed import Printed
from engine.realtime.tools.tool import ToolError
from engine.redaction import Scrubber, plain_words

RESTARTS = 3
"""In a row; a server that then has not stayed for a minute is left alone."""
_STAYS_S = 60.0
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 2.0
RESTART_PATIENCE_S = 5.0
"""Longest wait of a call for a server that is just starting again."""
CLOSE_S = 10.0
"""A process is killed before a second has passed; an address is given some more to answer."""
_MOST_PAGES = 20


class McpConnection:
    """Speaks with one server."""

    def __init__(self, name: str, settings: McpServer, emit: Callable[[SessionEvent], None]) -> None:
        self.name = name
        self._settings = settings
        self._emit = emit
        self._scrub = Scrubber(settings.secrets).clean
        self._client: Client | None = None
        self._up = asyncio.Event()
        self._lost = asyncio.Event()
        self._reason = ""
        self._scope = anyio.CancelScope()
        self._task: asyncio.Task[None] | None = None
        self._first: asyncio.Future[list[types.Tool]] = asyncio.get_running_loop().create_future()

    async def start(self) -> list[types.Tool]:
        """Start the server and return its tools.

        Raises:
            ToolError: it could not be started, or did not answer in time; the text is the reason.
        """
        self._task = asyncio.create_task(self._live())
        return await asyncio.shield(self._first)

    async def close(self) -> None:
        """End the server; a process that does not end by itself is killed."""
        self._scope.cancel()
        if self._task is not None:
            _, running = await asyncio.wait({self._task}, timeout=CLOSE_S)
            for task in running:
                task.cancel()
        if self._first.done():
            self._first.exception()  # whoever waited for it may be gone
        else:
            self._first.cancel()

    async def call(self, tool: str, arguments: dict[str, Any]) -> str:
        """Call a tool and return what it said.

        Raises:
            ToolError: the call failed, or there is no server to call, in words for the model.
        """
        is_given_up = self._task is None or self._task.done()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0 if is_given_up else RESTART_PATIENCE_S):
                await self._up.wait()
        client = self._client
        if client is None:
            raise ToolError(f"The MCP server '{self.name}' is not running: {self._reason}.")
        try:
            return text_of(await client.call_tool(tool, arguments))
        except MCPError as error:
            if _is_loss(error):
                self._lost.set()
                raise ToolError(
                    f"The MCP server '{self.name}' was lost during the call; whether it took effect is not known. "
                    "It is being started again."
                ) from None
            raise ToolError(self._scrub(error.message)) from None

    async def _live(self) -> None:
        """Run the server again and again, until it is closed, cannot be started at all, or fails too often."""
        backoff = Backoff(_FIRST_WAIT_S, _LONGEST_WAIT_S, _STAYS_S)
        with self._scope:
            while True:
                began_s = asyncio.get_running_loop().time()
                self._reason = await self._run_once()
                if not self._first.done():
                    self._first.set_exception(ToolError(self._reason))
                    return
                backoff.held(asyncio.get_running_loop().time() - began_s)
                if backoff.failures >= RESTARTS:
                    self._emit(McpServerChanged(self.name, "given up", self._reason))
                    return
                self._emit(McpServerChanged(self.name, "lost", self._reason))
                await anyio.sleep(backoff.failed())

    async def _run_once(self) -> str:
        """Run the server until it is lost; return why."""
        self._lost.clear()
        failure: Exception | None = None
        with Printed(self.name, self._scrub) as errors:
            deadline_s = anyio.current_time() + self._settings.start_timeout_s
            with anyio.CancelScope(deadline=deadline_s) as starting:
                try:
                    transport = open_transport(self._settings, errors.file, self._lost.set)
                    async with Client(transport, cache=None) as client:
                        tools = await _tools_of(client)
                        starting.deadline = math.inf
                        await self._serve(client, tools)
                except Exception as error:  # the package, its transports and the server may fail in any way
                    failure = error
        if starting.cancelled_caught:
            return f"it did not answer within {self._settings.start_timeout_s:g} s"
        last_line = "" if self._settings.url else await asyncio.to_thread(errors.last_line)
        said = f" (its last words: {last_line})" if last_line else ""
        return f"{self._why(failure)}{said}"

    async def _serve(self, client: Client, tools: list[types.Tool]) -> None:
        self._client = client
        self._up.set()
        if self._first.done():
            self._emit(McpServerChanged(self.name, "ready", tools=len(tools)))
        else:
            self._first.set_result(tools)
        try:
            await self._lost.wait()
        finally:
            self._client = None
            self._up.clear()

    def _why(self, failure: Exception | None) -> str:
        while isinstance(failure, ExceptionGroup):
            failure = failure.exceptions[0]
        match failure:
            case None:
                return "it has ended"
            case FileNotFoundError():
                return f"there is no command '{self._settings.command}'"
            case MCPError() if self._lost.is_set():
                return "it ended while it was starting"
            case MCPError():
                return self._scrub(failure.message)
        return plain_words(failure, self._scrub)


async def _tools_of(client: Client) -> list[types.Tool]:
    page = await client.list_tools()
    tools = list(page.tools)
    for _ in range(_MOST_PAGES):
        if page.next_cursor is None:
            break
        page = await client.list_tools(cursor=page.next_cursor)
        tools += page.tools
    return tools


def _is_loss(error: MCPError) -> bool:
    # A server at an address that was started anew knows no session of before; only this text says so.
    return error.code == types.CONNECTION_CLOSED or error.message == "Session terminated"
