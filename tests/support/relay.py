"""Stands between `voice run` and the embedded server and keeps the server's audio: what the speaker must play."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from collections import defaultdict
from types import TracebackType

import aiohttp
import numpy as np
import soxr
from aiohttp import WSMsgType, web
from numpy.typing import NDArray

from engine.local.process import LocalServer

WIRE_HZ = 24000
_MAX_MESSAGE_BYTES = 1 << 24


class Relay:
    """A server on loopback that passes everything on, both ways.

    Example:
        >>> with Relay() as relay:
        ...     start("voice", "run", "--provider", "local", "--url", relay.url)
        ...     relay.audio("item_1", 48000)
    """

    def __init__(self) -> None:
        self.url = ""
        self._audio: defaultdict[str, bytearray] = defaultdict(bytearray)
        self.sent = bytearray()
        """PCM16 at the wire's rate that clients have sent as their microphone."""
        self._ready = threading.Event()
        self._frozen = 0
        self.connections = 0
        """How many clients have come so far."""
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._serve()))

    def __enter__(self) -> Relay:
        self._thread.start()
        assert self._ready.wait(60), "the embedded server did not start"
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(30)
        self._loop.close()

    def audio(self, item_id: str, rate_hz: int) -> NDArray[np.float32]:
        """All audio the server sent for an item, as float32 at `rate_hz`."""
        samples = np.frombuffer(bytes(self._audio[item_id]), "<i2").astype(np.float32) / 32768
        return soxr.resample(samples, WIRE_HZ, rate_hz, "VHQ")

    def freeze(self) -> None:
        """Pass nothing on any more, neither way, of the connections there are; leave them open."""
        self._frozen = self.connections

    async def _serve(self) -> None:
        async with LocalServer() as server, aiohttp.ClientSession() as http:

            async def relay(request: web.Request) -> web.WebSocketResponse:
                client = web.WebSocketResponse(max_msg_size=_MAX_MESSAGE_BYTES)
                await client.prepare(request)
                self.connections += 1
                number = self.connections
                async with http.ws_connect(server.url, max_msg_size=_MAX_MESSAGE_BYTES) as upstream:
                    up = asyncio.ensure_future(self._pass_on(number, client, upstream))
                    async for message in upstream:
                        if message.type is WSMsgType.TEXT and number > self._frozen:
                            self._keep(json.loads(message.data))
                            await client.send_str(message.data)
                    up.cancel()
                return client

            app = web.Application()
            app.router.add_get("/", relay)
            runner = web.AppRunner(app, shutdown_timeout=0.5)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.url = f"ws://127.0.0.1:{runner.addresses[0][1]}/"
            self._ready.set()
            await self._over.wait()
            await runner.cleanup()

    def _keep(self, event: dict[str, str]) -> None:
        if event["type"] == "response.output_audio.delta":
            self._audio[event["item_id"]] += base64.b64decode(event["delta"])

    async def _pass_on(
        self, number: int, client: web.WebSocketResponse, upstream: aiohttp.ClientWebSocketResponse
    ) -> None:
        async for message in client:
            if message.type is WSMsgType.TEXT and number > self._frozen:
                event = json.loads(message.data)
                if event["type"] == "input_audio_buffer.append":
                    self.sent += base64.b64decode(event["audio"])
                await upstream.send_str(message.data)
        await upstream.close()
