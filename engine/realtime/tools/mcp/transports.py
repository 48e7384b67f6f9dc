"""The two ways to an MCP server, a process of ours or an address, each telling when it is lost."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Any, Self, TextIO

import anyio
import httpx2
from mcp.client import stdio
from mcp.client.streamable_http import streamable_http_client

from engine.config_tables import McpServer

# Ctrl+C ends a conversation within a second: the package would give a process 2 s after the end of its input,
# and 2 s more after SIGTERM, before it kills it.
stdio.PROCESS_TERMINATION_TIMEOUT = 0.2
stdio.FORCE_KILL_TIMEOUT = 0.1
_CONNECT_S = 10.0
_SILENCE_S = 300.0
"""A server may hold the answer to a call open for so long."""


@contextlib.asynccontextmanager
async def open_transport(
    settings: McpServer, errors: TextIO, lost: Callable[[], None]
) -> AsyncIterator[tuple[Any, Any]]:
    """Start or reach a server; yields the streams that a client of the `mcp` package speaks through.

    Args:
        settings: The command, or the address and its headers.
        errors: Takes the standard error of the process.
        lost: Called when the server says nothing any more.
    """
    async with contextlib.AsyncExitStack() as stack:
        if settings.url is None:
            process = stdio.StdioServerParameters(
                command=settings.command, args=list(settings.args), env=settings.env, cwd=settings.cwd
            )
            reading, writing = await stack.enter_async_context(stdio.stdio_client(process, errlog=errors))
        else:
            timeout = httpx2.Timeout(_CONNECT_S, read=_SILENCE_S)
            client = await stack.enter_async_context(httpx2.AsyncClient(headers=settings.headers, timeout=timeout))
            reading, writing = await stack.enter_async_context(streamable_http_client(settings.url, http_client=client))
        yield _Watched(reading, lost), writing


class _Watched:
    """A stream of messages that tells of its end: the package itself tells only who waits for an answer."""

    def __init__(self, stream: Any, lost: Callable[[], None]) -> None:
        self._stream = stream
        self._lost = lost

    @property
    def last_context(self) -> Any:
        """The context of the last message's sender, where the stream knows it."""
        return getattr(self._stream, "last_context", None)

    async def receive(self) -> Any:
        try:
            return await self._stream.receive()
        except (anyio.EndOfStream, anyio.ClosedResourceError):
            self._lost()
            raise

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def __aenter__(self) -> Self:
        await self._stream.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        ended: bool | None = await self._stream.__aexit__(kind, error, trace)
        return ended
