"""An MCP server of the tests' own, made with the `mcp` package: a process, or an address in the test's process."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from mcp.server.mcpserver import Image, MCPServer
from starlette.requests import Request
from starlette.responses import Response

SECRET = "swordfish-42"


def make_server() -> MCPServer[Any]:
    """Tools of every kind."""
    server: MCPServer[Any] = MCPServer("tests", log_level="CRITICAL")

    @server.tool()
    def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    @server.tool()
    def person(name: str) -> dict[str, Any]:
        """Structured."""
        return {"name": name, "age": 7}

    @server.tool()
    def picture() -> Image:
        """A picture."""
        return Image(data=b"\x89PNG----", format="png")

    @server.tool()
    def fail() -> None:
        """Fail."""
        raise ValueError(f"the key {os.environ.get('TOKEN', SECRET)} is old")

    @server.tool(name="odd name/ü" + "x" * 80)
    def odd() -> str:
        """A name no service takes."""
        return "odd"

    @server.tool()
    async def wait() -> str:
        """Never return."""
        await asyncio.Event().wait()
        return ""

    @server.tool()
    def die() -> str:
        """End the process in the middle of the call."""
        print(f"dying with {os.environ.get('TOKEN', '')}", file=sys.stderr, flush=True)
        os._exit(3)

    @server.tool()
    def pid() -> int:
        """The process."""
        return os.getpid()

    return server


@asynccontextmanager
async def http_server(token: str = "", port: int = 0) -> AsyncIterator[str]:
    """Serve on loopback; yields the address. With a token, only who bears it is let in."""
    app = make_server().streamable_http_app()

    async def guard(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and token and Request(scope).headers.get("authorization") != f"Bearer {token}":
            await Response(status_code=401)(scope, receive, send)
        else:
            await app(scope, receive, send)

    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    server = uvicorn.Server(uvicorn.Config(guard, log_level="critical", lifespan="on", timeout_graceful_shutdown=1))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"
    finally:
        server.should_exit = True
        await serving


if __name__ == "__main__":
    if "--die-at-once" in sys.argv:
        sys.exit(f"no such folder; token {os.environ.get('TOKEN', '')}")
    if "--say-nothing" in sys.argv:
        if started := os.environ.get("STARTED"):
            Path(started).write_text(str(os.getpid()))
        sys.stdin.read()
    if gate := os.environ.get("GATE"):
        Path(gate).read_text()  # a pipe: until the test opens it
    if "--stay" in sys.argv:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    make_server().run("stdio")
    if "--stay" in sys.argv and sys.platform != "win32":
        signal.pause()
