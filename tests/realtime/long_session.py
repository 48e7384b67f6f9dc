"""A session of many hours in virtual time, with a fault a minute: a program of its own, so that its memory is its own.

`python -m tests.realtime.long_session HOURS` prints what came of it as JSON.
"""

from __future__ import annotations

import asyncio
import gc
import json
import random
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.audio.session_audio import SessionAudio
from engine.audio.types import StreamRequest
from engine.config import Config
from engine.errors import ConnectionFailedError, VoiceError
from engine.realtime.connection.transport import Transport
from engine.realtime.providers.choose import ChosenProvider, choose_provider
from engine.realtime.session import RealtimeSession
from engine.realtime.session_events import ErrorShown, Reconnected, Reconnecting, SessionEvent, Summary, ToolReturned
from engine.realtime.testing import Peer, ServerDouble, VirtualDevices, run_virtual
from engine.realtime.tools.runner import ToolRunner
from engine.realtime.tools.tool import tool_of
from tests.support.memory import resident_mb

BLOCK_MS = 100.0
"""Of the devices and of the microphone on the wire: 20 ms would be five times the work, and test nothing more."""
FAULT_EVERY_S = 60.0
TURN_EVERY_S = 12.0
_CODES = (None, 1001, 1005, 1006, 1011, 1012, 1013, 1015)
_WARM_UP = 0.1
"""Of the time, before memory is first looked at: caches fill, and the interpreter keeps what it once had."""
_SEED = 5
_RATE_HZ = 24000
"""Of the devices too: resampling is tested elsewhere."""
_NOISE = (3000 * np.random.default_rng(_SEED).standard_normal(8 * _RATE_HZ)).astype("<i2").tobytes()


def memory_mb() -> float:
    """Resident memory of this process, without what waits to be collected."""
    gc.collect()
    return resident_mb()


async def count(up_to: int) -> list[int]:
    """Count, which takes some seconds."""
    await asyncio.sleep(up_to / 2)
    return list(range(up_to))


@dataclass
class Service:
    """The server of the whole session: turns, answers, calls, interruptions, and after a minute a fault."""

    dice: random.Random = field(default_factory=lambda: random.Random(_SEED))
    numbers: int = 0
    refused: int = 0
    faults: dict[str, int] = field(default_factory=dict)

    async def serve(self, peer: Peer) -> None:
        """Hold turns until the fault."""
        until_s = asyncio.get_running_loop().time() + FAULT_EVERY_S
        tasks = [asyncio.create_task(self._read(peer))]
        try:
            await peer.send("session.created", session={"id": f"session_{self.numbers}"})
            while (left_s := until_s - asyncio.get_running_loop().time()) > TURN_EVERY_S:
                await self._turn(peer)
                await asyncio.sleep(min(left_s, TURN_EVERY_S))
            # In the middle of whatever comes then.
            tasks.append(turn := asyncio.create_task(self._turn(peer)))
            await asyncio.sleep(self.dice.uniform(0.0, 4.0))
            turn.cancel()
            await self._fail(peer)
        finally:
            for task in tasks:
                task.cancel()

    async def connect(self, server: ServerDouble, chosen: ChosenProvider) -> Transport:
        """Refuse some connections."""
        if self.dice.random() < 0.3:
            self.refused += 1
            await asyncio.sleep(self.dice.uniform(0.0, 2.0))
            raise ConnectionFailedError("Not now.")
        return await server.connect(chosen)

    async def _read(self, peer: Peer) -> None:
        """Take whatever the client sends; the microphone is kept by nobody."""
        while True:
            await asyncio.sleep(5.0)
            peer.audio.clear()
            peer.received.clear()
            peer.forget_unread()

    async def _turn(self, peer: Peer) -> None:
        self.numbers += 1
        n = self.numbers
        await peer.send("input_audio_buffer.speech_started", item_id=f"u{n}", audio_start_ms=0)
        await asyncio.sleep(1.0)
        await peer.send("input_audio_buffer.speech_stopped", item_id=f"u{n}", audio_end_ms=0)
        transcript = f"This is turn {n}, and it has some words."
        kind = "conversation.item.input_audio_transcription.completed"
        await peer.send(kind, item_id=f"u{n}", content_index=0, transcript=transcript)
        if self.dice.random() < 0.3:
            await peer.send("response.created", response={"id": f"c{n}"})
            item = {"type": "function_call", "id": f"ci{n}", "call_id": f"call{n}", "name": "count"}
            arguments = json.dumps({"up_to": self.dice.randrange(1, 8)})
            await peer.send("response.output_item.done", response_id=f"c{n}", item={**item, "arguments": arguments})
            await peer.send("response.done", response={"id": f"c{n}", "status": "completed"})
            await asyncio.sleep(self.dice.uniform(0.0, 4.0))
        pcm16 = _NOISE[: 2 * round(_RATE_HZ * self.dice.uniform(0.5, 8.0))]
        await peer.answer(f"r{n}", f"i{n}", pcm16, f"This is the answer to turn {n}. " * 3)

    async def _fail(self, peer: Peer) -> None:
        kind = self.dice.choice(("close", "close", "close", "expired", "silent"))
        self.faults[kind] = self.faults.get(kind, 0) + 1
        if kind == "close":
            peer.close_with(self.dice.choice(_CODES))
        elif kind == "expired":
            await peer.send("error", error={"code": "session_expired", "message": "Over."})
        else:
            peer.go_silent()


async def converse(hours: float) -> dict[str, Any]:
    """Hold the session; return what came of it."""
    service = Service()
    chosen = choose_provider("custom", "ws://double/", {}, Config())
    devices = VirtualDevices(rate_hz=_RATE_HZ, block_ms=BLOCK_MS, kept_s=1.0)
    audio = SessionAudio(devices, StreamRequest(), input_rate_hz=_RATE_HZ, output_rate_hz=_RATE_HZ, block_ms=BLOCK_MS)
    seen: dict[str, int] = {}
    memory: list[float] = []
    shown: set[str] = set()

    def observe(event: SessionEvent, _: float) -> None:
        seen[event.type] = seen.get(event.type, 0) + 1
        if isinstance(event, ErrorShown):
            shown.add(event.message)

    async def weigh() -> None:
        await asyncio.sleep(_WARM_UP * 3600 * hours)
        while True:
            memory.append(memory_mb())
            await asyncio.sleep(3600 * hours * (1 - _WARM_UP) / 20)

    with ServerDouble(then=service.serve) as server:
        session = RealtimeSession(
            chosen,
            audio,
            ToolRunner([tool_of(count)]),
            observers=[observe],
            connect=lambda chosen: service.connect(server, chosen),
        )
        weighing = asyncio.create_task(weigh())
        error = ""
        summary: Summary | None = None
        try:
            summary = await session.run(duration_s=3600 * hours)
        except VoiceError as ended:
            error = str(ended)
        weighing.cancel()
    await asyncio.sleep(1.0)
    memory.append(memory_mb())
    return {
        "hours": hours,
        "error": error,
        "summary": summary.to_json() if summary else None,
        "shown": sorted(shown),
        "seen": {kind.type: seen.get(kind.type, 0) for kind in (Reconnecting, Reconnected, ToolReturned)},
        "faults": service.faults,
        "refused": service.refused,
        "memory_mb": [round(amount, 2) for amount in memory],
        "tasks_left": len(asyncio.all_tasks()) - 1,
        "threads_left": threading.active_count() - 1,
    }


if __name__ == "__main__":
    _began_s = time.perf_counter()
    _hours = float(sys.argv[1])
    _figures = run_virtual(converse(_hours), at_most_s=3600 * _hours + 60)
    print(json.dumps({**_figures, "took_s": round(time.perf_counter() - _began_s, 1)}))
