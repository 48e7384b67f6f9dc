"""A Realtime server that says what a script says, a program of its own: it must not share the client's interpreter.

`python -m benchmarks.rigs.scripted_service QUIET_S [ANSWER_S]` prints its address as JSON, listens on loopback to one
client, lets it send its microphone for QUIET_S seconds, and then holds one turn after another: the user is said to
speak, which interrupts the answer before, and to stop; half a second of answer comes at once. With ANSWER_S there is
one turn, and its answer is so long. When its standard input ends it prints when it sent what, on the clock of
`time.monotonic_ns`, and ends.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import random
import sys
import threading
import time
from itertools import count
from typing import Any

import numpy as np
from aiohttp import WSMsgType, web

PATH = "/v1/realtime"
RATE_HZ = 24000
ANSWER_MS = 512
SILENCE_MS = 400
"""Silence that the providers' settings ask for: the client takes it from where the server says that speech ended."""
_SPEECH_BLOCKS, _ANSWER_BLOCKS = 2, 8
"""Blocks of 20 ms: how long the user is said to speak, and how long the answer sounds until then."""
_TONE_HZ, _LEVEL = 440.0, 3000.0
_BLOCK_S = 0.02
_PACE_S = 0.1
"""Pause between two deltas of a long answer, which comes five times as fast as it sounds."""
_SEED = 1


class _Script:
    """One client's conversation."""

    def __init__(
        self, socket: web.WebSocketResponse, quiet_s: float, answer_s: float, sent_ns: dict[str, list[int]]
    ) -> None:
        self._socket = socket
        self._quiet_s = quiet_s
        self._answer_s = answer_s
        self._sent_ns = sent_ns
        self._blocks = self._said = 0
        self._received_ms = 0.0
        self._block_came = asyncio.Event()
        self._updated = asyncio.Event()
        self._dice = random.Random(_SEED)
        tone = np.sin(2 * np.pi * _TONE_HZ * np.arange(RATE_HZ * ANSWER_MS // 1000) / RATE_HZ)
        self._answer = base64.b64encode((_LEVEL * tone).astype("<i2").tobytes()).decode()

    async def listen(self) -> None:
        """Count what the microphone sends until the client goes."""
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                continue
            event = json.loads(message.data)
            if event["type"] == "input_audio_buffer.append":
                self._blocks += 1
                self._received_ms += 1000 * len(base64.b64decode(event["audio"])) / 2 / RATE_HZ
                self._block_came.set()
            elif event["type"] == "session.update":
                self._updated.set()

    async def talk(self) -> None:
        """Open the session, be quiet, then hold turns without end, or the one with a long answer."""
        await self._updated.wait()
        await self._send("session.created", session={"id": "session_1", "model": "script"})
        await asyncio.sleep(self._quiet_s)
        for turn in range(1, 2) if self._answer_s else count(1):
            # Every moment of a block has to have its turn: the client's blocks would otherwise set the rhythm.
            await asyncio.sleep(self._dice.uniform(0, _BLOCK_S))
            self._note("speech_started")
            await self._send("input_audio_buffer.speech_started", item_id=f"user_{turn}", audio_start_ms=0)
            await self._hear(_SPEECH_BLOCKS)
            await self._send(
                "input_audio_buffer.speech_stopped",
                item_id=f"user_{turn}",
                audio_end_ms=round(self._received_ms) + SILENCE_MS,
            )
            await self._say(turn)
            await self._hear(_ANSWER_BLOCKS)

    async def _say(self, turn: int) -> None:
        """Send an answer, faster than it sounds, as services do."""
        response, place = f"response_{turn}", {"item_id": f"item_{turn}", "output_index": 0, "content_index": 0}
        await self._send("response.created", response={"id": response, "status": "in_progress"})
        for number in range(max(1, round(1000 * self._answer_s / ANSWER_MS))):
            await asyncio.sleep(_PACE_S if number else 0)
            self._note("delta")
            await self._send("response.output_audio.delta", response_id=response, **place, delta=self._answer)
        await self._send("response.output_audio.done", response_id=response, **place)
        await self._send("response.done", response={"id": response, "status": "completed"})

    async def _hear(self, blocks: int) -> None:
        """Wait for so many more blocks of the microphone."""
        until = self._blocks + blocks
        while self._blocks < until:
            self._block_came.clear()
            await self._block_came.wait()

    def _note(self, kind: str) -> None:
        self._sent_ns.setdefault(kind, []).append(time.monotonic_ns())

    async def _send(self, kind: str, **fields: Any) -> None:
        self._said += 1
        await self._socket.send_str(json.dumps({"type": kind, "event_id": f"event_{self._said}", **fields}))


async def _serve(quiet_s: float, answer_s: float = 0.0) -> None:
    sent_ns: dict[str, list[int]] = {}

    async def converse(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        script = _Script(socket, quiet_s, answer_s, sent_ns)
        talking = asyncio.create_task(script.talk())
        try:
            await script.listen()
        finally:
            talking.cancel()
            await asyncio.gather(talking, return_exceptions=True)
        return socket

    app = web.Application()
    app.router.add_get(PATH, converse)
    runner = web.AppRunner(app, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(json.dumps({"url": f"ws://127.0.0.1:{runner.addresses[0][1]}{PATH}"}), flush=True)
    await _end_of_input()
    await runner.cleanup()
    print(json.dumps({"sent_ns": sent_ns}), flush=True)


async def _end_of_input() -> None:
    """Return when whoever started this program closes its standard input, or is gone."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()

    def read() -> None:
        sys.stdin.buffer.read()
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=read, daemon=True).start()
    await ended.wait()


if __name__ == "__main__":
    asyncio.run(_serve(*map(float, sys.argv[1:])))
