"""A client that says exactly what a test wants and keeps everything the embedded server answers."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import numpy as np
from numpy.typing import NDArray

from tests.support.speech import speech

_PATIENCE_S = 30.0
_PIECE_MS = 100


class Client:
    """One connection to a Realtime server."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.events: list[dict[str, Any]] = []

    async def send(self, kind: str, **fields: Any) -> None:
        """Send one event."""
        await self.socket.send_str(json.dumps({"type": kind, **fields}))

    async def receive(self) -> dict[str, Any]:
        """Return the next event."""
        async with asyncio.timeout(_PATIENCE_S):
            message = await self.socket.receive()
        assert message.type is aiohttp.WSMsgType.TEXT, f"{message.type}: {message.data} {self.events[-3:]}"
        event: dict[str, Any] = json.loads(message.data)
        self.events.append(event)
        return event

    async def until(self, *kinds: str) -> dict[str, Any]:
        """Return the next event of one of the types; errors in between fail the test."""
        while True:
            event = await self.receive()
            if event["type"] in kinds:
                return event
            assert event["type"] != "error", event

    async def error(self) -> dict[str, Any]:
        """Return the next error."""
        event = await self.until_any("error")
        error: dict[str, Any] = event["error"]
        return error

    async def until_any(self, kind: str) -> dict[str, Any]:
        """Return the next event of a type, whatever comes before it."""
        while (event := await self.receive())["type"] != kind:
            pass
        return event

    async def update(self, **session: Any) -> dict[str, Any]:
        """Change the session."""
        await self.send("session.update", session={"type": "realtime", **session})
        updated = await self.until("session.updated")
        return dict(updated["session"])

    async def type(self, text: str) -> None:
        """Say something in writing and ask for the answer."""
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
        await self.send("conversation.item.create", item=item)
        await self.send("response.create")

    async def speak(self, text: str, rate_hz: int = 24000, voice: str = "en-us+f3", silence_s: float = 1.0) -> None:
        """Say something, and then nothing for a while."""
        said = speech(text, rate_hz, voice)
        quiet = np.zeros(round(silence_s * rate_hz), np.int16)
        await self.play(np.concatenate([quiet[: rate_hz // 4], said, quiet]), rate_hz)

    async def play(self, samples: NDArray[np.int16], rate_hz: int) -> None:
        """Send samples in pieces of 100 ms, as fast as the server takes them."""
        step = rate_hz * _PIECE_MS // 1000
        for start in range(0, samples.size, step):
            piece = samples[start : start + step].astype("<i2").tobytes()
            await self.send("input_audio_buffer.append", audio=base64.b64encode(piece).decode())

    async def answer(self) -> tuple[str, NDArray[np.int16]]:
        """Return the text and the sound of the next response."""
        first = len(self.events)
        await self.until("response.done")
        deltas = [e for e in self.events[first:] if e["type"] == "response.output_audio.delta"]
        texts = [e for e in self.events[first:] if e["type"].endswith(("transcript.delta", "output_text.delta"))]
        sound = b"".join(base64.b64decode(event["delta"]) for event in deltas)
        return "".join(event["delta"] for event in texts), np.frombuffer(sound, "<i2")


@asynccontextmanager
async def connect(url: str) -> AsyncIterator[Client]:
    """Connect, take the greeting, and ask for transcripts."""
    async with aiohttp.ClientSession() as http, http.ws_connect(url, max_msg_size=1 << 24) as socket:
        client = Client(socket)
        assert (await client.receive())["type"] == "session.created"
        await client.update(audio={"input": {"transcription": {"model": "whisper-1"}}})
        yield client
