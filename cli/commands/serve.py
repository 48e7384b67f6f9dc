"""`voice serve`: the embedded Realtime server, on this machine only."""

from __future__ import annotations

import contextlib
import json
from typing import Annotated

import typer


def serve(
    host: Annotated[str, typer.Option(help="A loopback address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes any free port.", min=0, max=65535)] = 8765,
) -> None:
    """Serve an offline agent to any Realtime client on this machine. Ctrl+C ends it."""
    import asyncio  # noqa: PLC0415 - a fifth of the start-up

    from cli.signals import stop_signals  # noqa: PLC0415
    from engine.local.server import serve as serve_clients  # noqa: PLC0415

    async def until_stopped() -> None:
        until = asyncio.Event()
        with stop_signals(until.set):
            await serve_clients(host, port, announce=_announce, until=until)

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(until_stopped())


def _announce(line: str) -> None:
    ready = json.loads(line)
    typer.echo(f"Listening on {ready['url']} (Ctrl+C to end). Talk to it with:")
    typer.echo(f"  voice run --url {ready['url']}")
    for lack in ready["lacks"]:
        typer.echo(f"Note: {lack}", err=True)
