"""A Realtime server of the test's own: real WebSocket on loopback, says what a script says, keeps what it hears."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any

from aiohttp import WSMsgType, web

_PATIENCE_S = 60.0


class Peer:
    """The server's end of one connection."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.socket = socket
        self.headers = dict(request.headers)
        self.received: list[dict[str, Any]] = []
        self.frames: list[str] = []
        self.closed = asyncio.Event()
        self._arrived = asyncio.Event()
        self._read = self._sent = 0

    async def send(self, kind: str, **fields: Any) -> None:
        """Send one event."""
        self._sent += 1
        await self.socket.send_str(json.dumps({"type": kind, "event_id": f"event_{self._sent}", **fields}))

    async def send_text(self, text: str) -> None:
        """Send a text frame as it is."""
        await self.socket.send_str(text)

    async def expect(self, *kinds: str) -> dict[str, Any]:
        """Return the next event of one of these types, skipping others; each is returned once."""
        async with asyncio.timeout(_PATIENCE_S):
            while True:
                while self._read < len(self.received):
                    event = self.received[self._read]
                    self._read += 1
                    if event["type"] in kinds:
                        return event
                self._arrived.clear()
                await self._arrived.wait()

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """Every event of a type received so far."""
        return [event for event in self.received if event["type"] == kind]

    def forget_audio(self) -> int:
        """Let go of what was received and read, for conversations that last; return the bytes of audio in it."""
        gone, self.received = self.received[: self._read], self.received[self._read :]
        self._read = 0
        self.frames.clear()
        return sum(
            len(base64.b64decode(event["audio"])) for event in gone if event["type"] == "input_audio_buffer.append"
        )

    async def begin_response(self, response_id: str) -> None:
        """Announce a response."""
        await self.send("response.created", response={"id": response_id, "status": "in_progress"})

    async def audio(self, response_id: str, item_id: str, pcm16: bytes, content_index: int = 0) -> None:
        """Send one audio delta."""
        place = {"response_id": response_id, "item_id": item_id, "content_index": content_index}
        await self.send("response.output_audio.delta", **place, delta=base64.b64encode(pcm16).decode())

    async def end_audio(self, response_id: str, item_id: str, content_index: int = 0) -> None:
        """End an item's audio."""
        place = {"response_id": response_id, "item_id": item_id, "content_index": content_index}
        await self.send("response.output_audio.done", **place)

    async def end_response(self, response_id: str, status: str = "completed") -> None:
        """End a response."""
        await self.send("response.done", response={"id": response_id, "status": status})

    async def answer(self, response_id: str, item_id: str, pcm16: bytes) -> None:
        """A whole spoken answer."""
        await self.begin_response(response_id)
        await self.audio(response_id, item_id, pcm16)
        await self.end_audio(response_id, item_id)
        await self.end_response(response_id)

    async def call(self, response_id: str, call_id: str, name: str, arguments: str) -> None:
        """A finished function call item."""
        item = {"type": "function_call", "id": f"item_{call_id}", "call_id": call_id}
        await self.send(
            "response.output_item.done",
            response_id=response_id,
            item={**item, "name": name, "arguments": arguments, "status": "completed"},
        )

    async def listen(self) -> None:
        """Keep what the client sends until it goes."""
        async for message in self.socket:
            if message.type is WSMsgType.TEXT:
                self.frames.append(message.data)
                self.received.append(json.loads(message.data))
                self._arrived.set()
        self.closed.set()


class ScriptedServer:
    """Serves one script to every client.

    Example:
        >>> async with ScriptedServer(script) as server:
        ...     await connect(server.url)
        ...     peer = await server.peer()
    """

    def __init__(self, script: Callable[[Peer], Awaitable[None]], *, status: int = 101) -> None:
        self._script = script
        self._status = status
        self._peers: list[Peer] = []
        self._came = asyncio.Event()
        self._failure: BaseException | None = None
        self.url = ""

    async def peer(self) -> Peer:
        """The first client's connection."""
        async with asyncio.timeout(_PATIENCE_S):
            await self._came.wait()
        return self._peers[0]

    async def __aenter__(self) -> ScriptedServer:
        app = web.Application()
        app.router.add_get("/v1/realtime", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"ws://127.0.0.1:{self._runner.addresses[0][1]}/v1/realtime"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        await self._runner.cleanup()
        if error is None and self._failure is not None:
            raise self._failure

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if self._status != 101:
            return web.Response(status=self._status, text=f"refused {request.headers.get('Authorization', '')}")
        socket = web.WebSocketResponse(max_msg_size=1 << 26)
        await socket.prepare(request)
        peer = Peer(socket, request)
        self._peers.append(peer)
        self._came.set()
        script = asyncio.ensure_future(self._script(peer))
        try:
            await peer.listen()
        finally:
            script.cancel()
            (failure,) = await asyncio.gather(script, return_exceptions=True)
            if isinstance(failure, Exception) and not isinstance(failure, ConnectionError):
                self._failure = self._failure or failure
        return socket
