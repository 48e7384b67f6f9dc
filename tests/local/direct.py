"""A session without a socket, for what must happen at one moment: its answers can be held at any event."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.local.session import LocalSession
from engine.local.speech_worker import SpeechWorker

_PATIENCE_S = 30.0


class Direct:
    """Calls the session as the server does and keeps what it sends."""

    def __init__(self, speech_worker: SpeechWorker, wanted: dict[str, Any]) -> None:
        self.events: list[dict[str, Any]] = []
        self._news = asyncio.Condition()
        self._held: dict[str, asyncio.Event] = {}
        self.session = LocalSession(self._take, speech_worker, wanted)

    async def _take(self, text: str) -> None:
        event = json.loads(text)
        async with self._news:
            self.events.append(event)
            self._news.notify_all()
        if event["type"] in self._held:
            await self._held[event["type"]].wait()

    def hold(self, kind: str) -> asyncio.Event:
        """Let whoever sends an event of this type wait until the returned event is set."""
        return self._held.setdefault(kind, asyncio.Event())

    async def send(self, kind: str, **fields: Any) -> None:
        """Hand one event to the session and wait until it is carried out."""
        await self.session.handle(json.dumps({"type": kind, **fields}))

    async def type(self, text: str) -> None:
        """Say something in writing and ask for the answer."""
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
        await self.send("conversation.item.create", item=item)
        await self.send("response.create")

    async def play(self, samples: NDArray[np.int16]) -> None:
        """Append samples at the session's rate, in one piece."""
        audio = base64.b64encode(samples.astype("<i2").tobytes()).decode()
        await self.send("input_audio_buffer.append", audio=audio)

    async def until(self, kind: str, number: int = 1) -> dict[str, Any]:
        """Return the n-th event of a type, counted from the session's start."""
        async with asyncio.timeout(_PATIENCE_S), self._news:
            await self._news.wait_for(lambda: len(self.of(kind)) >= number)
        return self.of(kind)[number - 1]

    async def settle(self) -> None:
        """Wait until no response is under way."""
        await asyncio.sleep(0)
        async with asyncio.timeout(_PATIENCE_S), self._news:
            await self._news.wait_for(lambda: len(self.of("response.created")) == len(self.of("response.done")))

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The events of a type so far."""
        return [event for event in self.events if event["type"] == kind]

    def kinds(self) -> list[str]:
        """The types of all events so far."""
        return [event["type"] for event in self.events]


@asynccontextmanager
async def direct(speech_worker: SpeechWorker, *, transcribed: bool = True) -> AsyncIterator[Direct]:
    """A session that ends with the block."""
    held = Direct(speech_worker, {"audio": {"input": {"transcription": {"model": "whisper-1"}}}} if transcribed else {})
    try:
        await held.session.open()
        yield held
    finally:
        await held.session.close()
