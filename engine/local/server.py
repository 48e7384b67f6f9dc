"""The embedded Realtime server: a WebSocket on loopback for any Realtime client."""

from __future__ import annotations

import asyncio
import ipaddress
import json
from collections.abc import Callable

from aiohttp import WSCloseCode, WSMsgType, web
from yarl import URL

from engine.errors import InvalidInputError
from engine.local.session import LocalSession
from engine.local.workshop import Workshop

PATH = "/v1/realtime"
MAX_MESSAGE_BYTES = 16 << 20
_WORKSHOP: web.AppKey[Workshop] = web.AppKey("workshop", Workshop)
_SOCKETS: web.AppKey[set[web.WebSocketResponse]] = web.AppKey("sockets", set)


async def _serve_client(request: web.Request) -> web.WebSocketResponse:
    _check_origin(request)
    socket = web.WebSocketResponse(max_msg_size=MAX_MESSAGE_BYTES, compress=False)
    await socket.prepare(request)
    session = LocalSession(socket.send_str, request.app[_WORKSHOP])
    request.app[_SOCKETS].add(socket)
    try:
        await session.open()
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await session.handle(message.data)
            elif message.type is WSMsgType.BINARY:
                await session.refuse_binary()
    except ConnectionError:
        pass  # the client is gone; there is nobody to tell
    finally:
        request.app[_SOCKETS].discard(socket)
        await session.close()
    return socket


def _check_origin(request: web.Request) -> None:
    """Refuse web pages from elsewhere: a browser lets any page connect to this machine, and names the page here."""
    origin = request.headers.get("Origin")
    if origin is not None and not _is_loopback(URL(origin).host or ""):
        raise web.HTTPForbidden(text="Pages from elsewhere may not use the embedded server.")


async def _say_goodbye(app: web.Application) -> None:
    await asyncio.gather(*(socket.close(code=WSCloseCode.GOING_AWAY) for socket in app[_SOCKETS]))


def create_app(workshop: Workshop) -> web.Application:
    """Return the server as an aiohttp application."""
    app = web.Application()
    app[_WORKSHOP] = workshop
    app[_SOCKETS] = set()
    app.on_shutdown.append(_say_goodbye)
    app.router.add_get(PATH, _serve_client)
    return app


def check_host(host: str) -> None:
    """Refuse to listen anywhere but on this machine: the server asks nobody for a key.

    Raises:
        InvalidInputError: the host is no loopback address.
    """
    if not _is_loopback(host):
        raise InvalidInputError(
            f"The embedded server listens on this machine only, not on {host!r}.", fix="Use --host 127.0.0.1."
        )


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def serve(host: str, port: int, *, announce: Callable[[str], None], until: asyncio.Event | None = None) -> None:
    """Serve until cancelled, or until the event is set.

    Args:
        host: A loopback address.
        port: 0 for any free one.
        announce: Called once with a line of JSON when clients may come: `{"url": ..., "lacks": [...]}`.
        until: Ends the server when set.

    Raises:
        InvalidInputError: the host is not loopback, or the port is taken.
        LibraryMissingError: espeak-ng is missing.
    """
    check_host(host)
    # Of both families, as which a name may be taken, the announced port would be right for one only.
    host = "127.0.0.1" if host == "localhost" else host
    workshop = Workshop()
    runner = web.AppRunner(create_app(workshop), shutdown_timeout=1.0)
    try:
        await runner.setup()
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            message = f"Port {port} of {host} cannot be used: {error.strerror}."
            raise InvalidInputError(message, fix="Choose another --port.") from error
        actual_port = runner.addresses[0][1]
        shown_host = f"[{host}]" if ":" in host else host
        announce(json.dumps({"url": f"ws://{shown_host}:{actual_port}{PATH}", "lacks": workshop.lacks}))
        await (until or asyncio.Event()).wait()
    finally:
        await runner.cleanup()
        workshop.close()
