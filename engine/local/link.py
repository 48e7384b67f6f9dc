"""One client's connection as its session sees it: text in, text out, and faults in between."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Any

from aiohttp import WSMsgType, web

from engine.local.faults.fault import Event, Fault, Forward
from engine.local.protocol.validation import Refusal, parse
from engine.local.tasks import Tasks

_LOG = logging.getLogger(__name__)
_MOST_OUTGOING = 4096
"""Events between a session and its faults; a session that says more waits."""
_MOST_INCOMING = 2
"""Frames between the socket and the session, of up to 16 MiB: a client that sends faster than it is heard waits."""
_EMPTY_CLOSE_FRAME = b"\x88\x00"
"""A close frame without a code, which aiohttp has no call for; the client reads it as 1005."""
_FAULT_BROKE = 1011
_NO_CODE = 1005
_BROKEN = (None, 1006, 1015)
_GONE_POLL_S = 0.1
_END = "\0end"
"""End of the frames, which no frame can be: a NUL is no JSON."""


class Link:
    """A WebSocket for one session, as an asynchronous context."""

    def __init__(
        self, socket: web.WebSocketResponse, transport: asyncio.Transport | None, faults: Sequence[Fault]
    ) -> None:
        """Take a prepared socket, and faults that are not attached to another connection."""
        self._socket = socket
        self._transport = transport
        self._faults = list(faults)
        self._outbox: asyncio.Queue[Event] = asyncio.Queue(_MOST_OUTGOING)
        self._inbox: asyncio.Queue[str | None] = asyncio.Queue(_MOST_INCOMING)
        self._tasks = Tasks()
        self._closing: asyncio.Task[None] | None = None
        self._goodbye: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[None] | None = None
        self._pumping: list[asyncio.Task[None]] = []
        """The task that moves events through the faults, where there are any."""
        self._is_broken = False
        self._has_ended = False
        self._is_silent = False
        self._answers_pings = True

    async def __aenter__(self) -> Link:
        """Start what the faults do by themselves."""
        if self._faults:
            self._pumping.append(self._tasks.start(self._pump()))
            for index, fault in enumerate(self._faults):
                fault.attach(self)
                self._tasks.start(fault.run(self._outward(index + 1)))
        self._reading = self._tasks.start(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        """End them, and finish closing if that was asked for."""
        if self._closing is not None:
            await asyncio.gather(self._closing, return_exceptions=True)
        if self._goodbye is not None:
            await asyncio.gather(self._goodbye, return_exceptions=True)
        await self._tasks.close()

    async def __aiter__(self) -> AsyncIterator[str | None]:
        """Yield the client's texts, None for each binary frame, until it is gone."""
        while not (self._has_ended and self._inbox.empty()):
            text = await self._inbox.get()
            if text != _END:
                yield text

    async def send(self, text: str) -> None:
        """Send one event of the session.

        Raises:
            ConnectionError: the client is gone.
        """
        if not self._faults:
            await self._put(text)
        elif self._socket.closed or self._is_broken:
            raise ConnectionResetError
        else:
            await self._outbox.put(json.loads(text))

    async def to_client(self, event: Event) -> None:
        """Send an event past all faults."""
        await self._put(json.dumps(event))

    async def to_session(self, event: Event) -> None:
        """Let the session take an event as if the client had sent it."""
        await self._inbox.put(json.dumps(event))

    def go_silent(self) -> None:
        """Neither read, answer nor send from now on."""
        self._is_silent = True

    def ignore_pings(self) -> None:
        """Answer no ping from now on."""
        self._answers_pings = False

    async def close(self, code: int | None, reason: str = "") -> None:
        """Close with a code; 1005 sends none, and None, 1006 and 1015 break the connection."""
        transport = self._transport
        if code in _BROKEN and transport is not None:
            transport.abort()
        elif code == _NO_CODE and transport is not None:
            transport.write(_EMPTY_CLOSE_FRAME)
            transport.close()
        elif code is not None:
            if self._goodbye is None:
                self._goodbye = asyncio.create_task(self._say_goodbye(code, reason))
            with contextlib.suppress(ConnectionError):
                await asyncio.shield(self._goodbye)

    def close_when_sent(self, code: int | None, reason: str = "") -> None:
        """Close after what was sent before has left."""

        async def close() -> None:
            sent = asyncio.create_task(self._outbox.join())
            # Where a fault or the socket has broken, what waits is never sent.
            await asyncio.wait([sent, *self._pumping], return_when=asyncio.FIRST_COMPLETED)
            sent.cancel()
            await self.close(code, reason)

        self._closing = self._closing or asyncio.create_task(close())

    async def _say_goodbye(self, code: int, reason: str) -> None:
        # While somebody reads, aiohttp does not wait for the client's goodbye: what it still says would reset the
        # connection, and it lose what it has not read yet, why it is closed.
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        await self._socket.close(code=code, message=reason.encode()[:123])

    async def _put(self, text: str) -> None:
        if not self._is_silent:
            await self._socket.send_str(text)

    async def _pump(self) -> None:
        first = self._outward(0)
        try:
            while True:
                await first(await self._outbox.get())
                self._outbox.task_done()
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception:
            _LOG.exception("a fault broke")
            await self.close(_FAULT_BROKE)
        finally:
            self._is_broken = True
            # Whoever waits for room goes on, and learns of the end by the next event.
            while not self._outbox.empty():
                self._outbox.get_nowait()

    def _outward(self, index: int) -> Forward:
        """Receiver of what the fault before the one at `index` forwards."""
        if index == len(self._faults):
            return self.to_client
        fault, forward = self._faults[index], self._outward(index + 1)

        async def forward_through(event: Event) -> None:
            await fault.outgoing(event, forward)

        return forward_through

    def _inward(self, index: int) -> Forward:
        """Receiver of what the fault behind the one at `index` forwards: the last fault sees a message first."""
        if index < 0:
            return self.to_session
        fault, forward = self._faults[index], self._inward(index - 1)

        async def forward_through(event: Event) -> None:
            await fault.incoming(event, forward)

        return forward_through

    async def _until_gone(self) -> None:
        """Read nothing more, a closing handshake neither, until the client gives the connection up."""
        # aiohttp tells nobody of the end but who reads.
        while self._transport is not None and not self._transport.is_closing():  # noqa: ASYNC110
            await asyncio.sleep(_GONE_POLL_S)

    async def _read(self) -> None:
        """Read the socket to its end, which wakes the session if it waits."""
        inward = self._inward(len(self._faults) - 1)
        try:
            async for message in self._socket:
                if self._is_silent:
                    await self._until_gone()
                    return
                if message.type is WSMsgType.PING:
                    if self._answers_pings:
                        await self._socket.pong(message.data)
                elif message.type is WSMsgType.BINARY:
                    await self._inbox.put(None)
                elif message.type is WSMsgType.TEXT:
                    event = _object_in(message.data) if self._faults else None
                    await (self._inbox.put(message.data) if event is None else inward(event))
        finally:
            self._has_ended = True
            with contextlib.suppress(asyncio.QueueFull):
                self._inbox.put_nowait(_END)


def _object_in(text: str) -> dict[str, Any] | None:
    """Return the event of a text; None where it is none, which is the session's to say."""
    try:
        return parse(text)
    except Refusal:
        return None
