"""The embedded Realtime server: a WebSocket on loopback for any Realtime client."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import os
import time
from collections.abc import Callable
from typing import Any

from aiohttp import WSCloseCode, web
from yarl import URL

from engine.errors import InvalidInputError
from engine.local.faults.events import BetaNames
from engine.local.faults.fault import Fault
from engine.local.faults.plan import FaultPlan
from engine.local.link import Link
from engine.local.protocol.client_schema import check_secret_request
from engine.local.protocol.identifiers import new_id
from engine.local.protocol.settings import Settings
from engine.local.protocol.validation import Refusal, parse
from engine.local.session_factory import ClientSession, SessionFactory

PATH = "/v1/realtime"
_PATHS = (PATH, f"{PATH}/openai")
"""The second is that of Yandex's first host, which much of its clients' code still names."""
MAX_MESSAGE_BYTES = 16 << 20
MAX_CLIENTS = 64
"""Connections at a time: 64 talking ones take 0.5 GB and both cores."""
_HANDSHAKE_S = 10.0
"""A connection that is no session by then is left: half a request would be waited for without end."""
_MAX_SECRETS = 256
_SECRET_S = 600
_GOODBYE_S = 0.5
"""A client that reads nothing, its close frame neither, is left after this."""
_PROTOCOL = "realtime"
_BETA_PROTOCOL = "openai-beta.realtime-v1"
_KEY_PROTOCOL = "openai-insecure-api-key."
"""A browser cannot send a header: it offers its key as a subprotocol beside the one that is to be chosen."""


class _ClientHandler:
    """Receives the clients of one server."""

    def __init__(self, factory: SessionFactory, faults: FaultPlan, log: Callable[[str], None]) -> None:
        self._factory = factory
        self._log = log
        self._faults = faults
        self._connections = 0
        self._sockets: dict[web.WebSocketResponse, asyncio.Transport | None] = {}
        self._secrets: dict[str, dict[str, Any]] = {}
        """First settings of the sessions of client secrets; the oldest are forgotten."""

    def accept(self, server: web.Server) -> asyncio.BaseProtocol:
        """Take a connection."""
        connection = server()
        asyncio.get_running_loop().call_later(_HANDSHAKE_S, self._leave_unless_open, connection)
        return connection

    def _leave_unless_open(self, connection: web.RequestHandler) -> None:
        if connection.transport not in self._sockets.values():
            connection.force_close()

    async def receive(self, request: web.Request) -> web.StreamResponse:
        """Hold one client's session."""
        _check_origin(request)
        status = 503 if len(self._sockets) >= MAX_CLIENTS else self._factory.admit()
        if status is not None:
            self._log(f"A client is refused with HTTP {status}.")
            return web.Response(status=status, text="This connection is refused.")
        # Pings are answered by the link, which can leave it.
        socket = web.WebSocketResponse(
            max_msg_size=MAX_MESSAGE_BYTES, compress=False, autoping=False, protocols=(_PROTOCOL,)
        )
        self._sockets[socket] = request.transport
        faults, client, came_s = self._make_faults(request), f"Client {self._connections}", time.monotonic()
        self._log(f"{client} has come: {request.headers.get('User-Agent') or 'it says no name'}.")
        try:
            await socket.prepare(request)
            async with Link(socket, request.transport, faults) as link:
                await _hold(self._factory.session(link, self._secrets.get(_key_of(request), {})), link)
        finally:
            del self._sockets[socket]
            self._log(f"{client} has gone after {time.monotonic() - came_s:.1f} s.")
        return socket

    async def make_secret(self, request: web.Request) -> web.Response:
        """Return a key for one more session, as a program's own server asks for it on behalf of a browser."""
        _check_origin(request)
        settings = Settings(new_id("sess"))
        try:
            asked = parse(await request.text() or "{}")
            check_secret_request(asked)
            wanted = asked.get("session") or {}
            settings.update(wanted)
        except Refusal as refusal:
            return web.json_response({"error": refusal.as_json()}, status=400)
        if len(self._secrets) >= _MAX_SECRETS:
            del self._secrets[next(iter(self._secrets))]
        value, lasts_s = new_id("ek"), (asked.get("expires_after") or {}).get("seconds") or _SECRET_S
        self._secrets[value] = wanted
        return web.json_response(
            {"value": value, "expires_at": int(time.time()) + lasts_s, "session": settings.session}
        )

    def _make_faults(self, request: web.Request) -> list[Fault]:
        faults = self._faults.for_connection(self._connections)
        self._connections += 1
        # A client of the beta is answered with the beta's names; a browser asks for them among its subprotocols.
        is_beta = "OpenAI-Beta" in request.headers or _BETA_PROTOCOL in _offered(request)
        return [*faults, BetaNames()] if is_beta else faults

    async def say_goodbye(self, _app: web.Application) -> None:
        """Close what is open, and break what cannot be closed in time."""
        goodbyes = [asyncio.create_task(socket.close(code=WSCloseCode.GOING_AWAY)) for socket in self._sockets]
        if goodbyes:
            await asyncio.wait(goodbyes, timeout=_GOODBYE_S)
        for transport in self._sockets.values():
            if transport is not None:
                transport.abort()
        await asyncio.gather(*goodbyes, return_exceptions=True)


def _offered(request: web.Request) -> list[str]:
    return [name.strip() for name in request.headers.get("Sec-WebSocket-Protocol", "").split(",")]


def _key_of(request: web.Request) -> str:
    """Return the key that a client shows; it needs none, unless it has a client secret."""
    of_browser = [name.removeprefix(_KEY_PROTOCOL) for name in _offered(request) if name.startswith(_KEY_PROTOCOL)]
    return next(iter(of_browser), request.headers.get("Authorization", "").removeprefix("Bearer "))


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
    try:
        is_ours = origin is None or _is_loopback(URL(origin).host or "")
    except ValueError:  # no address at all
        is_ours = False
    if not is_ours:
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
    log: Callable[[str], None] = lambda line: None,
) -> None:
    """Serve until cancelled, or until the event is set.

    Args:
        host: A loopback address.
        port: 0 for any free one.
        factory: Makes the sessions that answer the clients; closed at the end.
        announce: Called once with a line of JSON when clients may come: `{"url": ..., "lacks": [...]}`.
        faults: Faults on the way to them.
        until: Ends the server when set.
        log: Given a sentence for each client that comes or goes.

    Raises:
        InvalidInputError: the address is not loopback, or the port is taken.
    """
    app = web.Application()
    handler = _ClientHandler(factory, faults or FaultPlan(), log)
    app.on_shutdown.append(handler.say_goodbye)
    for path in _PATHS:
        app.router.add_get(path, handler.receive)
    app.router.add_post(f"{PATH}/client_secrets", handler.make_secret)
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    try:
        check_host(host)
        # Of both families, as which a name may be taken, the announced port would be right for one only.
        address = "127.0.0.1" if host == "localhost" else host
        await runner.setup()
        server = runner.server
        assert server is not None
        try:
            listener = await asyncio.get_running_loop().create_server(lambda: handler.accept(server), address, port)
        except OSError as error:
            message = f"Port {port} of {address} cannot be used: {os.strerror(error.errno or 0)}."
            raise InvalidInputError(message, fix="Choose another `port=`.") from error
        actual_port = listener.sockets[0].getsockname()[1]
        shown_host = f"[{address}]" if ":" in address else address
        announce(json.dumps({"url": f"ws://{shown_host}:{actual_port}{PATH}", "lacks": factory.lacks}))
        with contextlib.closing(listener):
            await (until or asyncio.Event()).wait()
    finally:
        await runner.cleanup()
        factory.close()
