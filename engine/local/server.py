"""The embedded Realtime server: a WebSocket on loopback for any Realtime client."""

from __future__ import annotations

import asyncio
import ipaddress
import json
from collections.abc import Callable

from aiohttp import WSCloseCode, web
from yarl import URL

from engine.errors import InvalidInputError
from engine.local.faults.events import BetaNames
from engine.local.faults.fault import Fault
from engine.local.faults.plan import FaultPlan
from engine.local.link import Link
from engine.local.session_factory import ClientSession, SessionFactory

PATH = "/v1/realtime"
MAX_MESSAGE_BYTES = 16 << 20


class _ClientHandler:
    """Receives the clients of one server."""

    def __init__(self, factory: SessionFactory, faults: FaultPlan) -> None:
        self._factory = factory
        self._faults = faults
        self._connections = 0
        self._sockets: set[web.WebSocketResponse] = set()

    async def receive(self, request: web.Request) -> web.StreamResponse:
        """Hold one client's session."""
        _check_origin(request)
        status = self._factory.admit()
        if status is not None:
            return web.Response(status=status, text="This connection is refused.")
        # Pings are answered by the link, which can leave it.
        socket = web.WebSocketResponse(max_msg_size=MAX_MESSAGE_BYTES, compress=False, autoping=False)
        await socket.prepare(request)
        self._sockets.add(socket)
        try:
            async with Link(socket, request.transport, self._make_faults(request)) as link:
                await _hold(self._factory.session(link), link)
        finally:
            self._sockets.discard(socket)
        return socket

    def _make_faults(self, request: web.Request) -> list[Fault]:
        faults = self._faults.for_connection(self._connections)
        self._connections += 1
        # Who still speaks the beta is answered in it.
        return [*faults, BetaNames()] if "OpenAI-Beta" in request.headers else faults

    async def say_goodbye(self, _app: web.Application) -> None:
        """Close what is open."""
        await asyncio.gather(*(socket.close(code=WSCloseCode.GOING_AWAY) for socket in self._sockets))


async def _hold(session: ClientSession, link: Link) -> None:
    try:
        await session.open()
        async for text in link:
            await (session.refuse_binary() if text is None else session.handle(text))
    except ConnectionError:
        pass  # the client is gone; there is nobody to tell
    finally:
        await session.close()


def _check_origin(request: web.Request) -> None:
    """Refuse web pages from elsewhere: a browser lets any page connect to this machine, and names the page here."""
    origin = request.headers.get("Origin")
    if origin is not None and not _is_loopback(URL(origin).host or ""):
        raise web.HTTPForbidden(text="Pages from elsewhere may not use the embedded server.")


def check_host(host: str) -> None:
    """Refuse to listen anywhere but on this machine: the server asks nobody for a key.

    Raises:
        InvalidInputError: the host is no loopback address.
    """
    if not _is_loopback(host):
        raise InvalidInputError(
            f"The embedded server listens on this machine only, not on {host!r}.", fix='Use `host="127.0.0.1"`.'
        )


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def serve(
    host: str,
    port: int,
    *,
    factory: SessionFactory,
    announce: Callable[[str], None],
    faults: FaultPlan | None = None,
    until: asyncio.Event | None = None,
) -> None:
    """Serve until cancelled, or until the event is set.

    Args:
        host: A loopback address.
        port: 0 for any free one.
        factory: Who answers the clients; closed at the end.
        announce: Called once with a line of JSON when clients may come: `{"url": ..., "lacks": [...]}`.
        faults: What goes wrong on the way to them.
        until: Ends the server when set.

    Raises:
        InvalidInputError: the address is not loopback, or the port is taken.
    """
    app = web.Application()
    handler = _ClientHandler(factory, faults or FaultPlan())
    app.on_shutdown.append(handler.say_goodbye)
    app.router.add_get(PATH, handler.receive)
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    try:
        check_host(host)
        # Of both families, as which a name may be taken, the announced port would be right for one only.
        address = "127.0.0.1" if host == "localhost" else host
        await runner.setup()
        site = web.TCPSite(runner, address, port)
        try:
            await site.start()
        except OSError as error:
            message = f"Port {port} of {address} cannot be used: {error.strerror}."
            raise InvalidInputError(message, fix="Choose another `port=`.") from error
        actual_port = runner.addresses[0][1]
        shown_host = f"[{address}]" if ":" in address else address
        announce(json.dumps({"url": f"ws://{shown_host}:{actual_port}{PATH}", "lacks": factory.lacks}))
        await (until or asyncio.Event()).wait()
    finally:
        await runner.cleanup()
        factory.close()
