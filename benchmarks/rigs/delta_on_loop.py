"""Time of a delta from the socket's text to the playback ring, and the longest time that it holds the event loop."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from functools import partial

import numpy as np

from backends.virtual import VirtualBackend
from benchmarks.case import Case
from benchmarks.report.results import Result
from benchmarks.timing import quantiles
from engine.audio.port.audio_port import AudioPort
from engine.audio.port.ring import Ring
from engine.audio.session_audio import SessionAudio
from engine.audio.types import StreamRequest
from engine.config import Config
from engine.errors import StreamLostError
from engine.realtime.providers.choose import CUSTOM, choose_provider
from engine.realtime.session import RealtimeSession
from engine.realtime.testing import Peer, ServerDouble
from engine.realtime.tools.runner import ToolRunner

_LENGTHS_S = {"100ms": 0.1, "1s": 1.0, "38s": 38.0}
"""The longest is an answer in one delta that the playback ring holds half of: the rest follows as it plays."""
_QUICK_S, _FULL_S = 0.3, 5.0
_FEWEST_DELTAS = 3
_NEARLY_S, _NEARLY = 0.01, 0.9
"""Missing end of a delta, since a resampler keeps some samples; and the part of a smaller ring that has to be full."""
_PAUSE_S = 0.01
_PATIENCE_NS = 10_000_000_000


def cases() -> list[Case]:
    """Three lengths, each in a session of its own: the real one on the virtual backend, only the socket is a double."""
    return [
        Case(f"session/delta_on_loop/{name}", partial(_measure, name, length_s), _QUICK_S, _FULL_S)
        for name, length_s in _LENGTHS_S.items()
    ]


def _measure(name: str, length_s: float, seconds: float) -> Result:
    watches = asyncio.run(_hold_session(length_s, seconds))
    return Result(
        "session",
        f"session/delta_on_loop/{name}",
        "ms",
        quantiles([watch.took_ns / 1e6 for watch in watches]),
        extra={
            "longest_hold_ms": round(max(watch.longest_hold_ns for watch in watches) / 1e6, 3),
            "count": len(watches),
        },
    )


class _Watch:
    """A look in every turn of the loop: the longest turn until a delta is through, and the time until the ring is full.

    Args:
        ring: Where the delta comes to.
        full_at: The ring's position where it is full, or has all of a short delta.
        through_at: Its position after the whole delta.
    """

    def __init__(self, ring: Ring, full_at: int, through_at: int) -> None:
        self._ring, self._full_at, self._through_at = ring, full_at, through_at
        self._loop = asyncio.get_running_loop()
        self.full, self.through = self._loop.create_future(), self._loop.create_future()
        self.took_ns = self.longest_hold_ns = 0
        self._began_ns = self._turned_ns = time.perf_counter_ns()
        self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        now_ns = time.perf_counter_ns()
        self.longest_hold_ns = max(self.longest_hold_ns, now_ns - self._turned_ns)
        self._turned_ns = now_ns
        if not self.full.done() and self._ring.head >= self._full_at:
            self.took_ns = now_ns - self._began_ns
            self.full.set_result(None)
        if self._ring.head >= self._through_at:
            self.through.set_result(None)
        elif now_ns - self._began_ns > _PATIENCE_NS:
            awaited = self.through if self.full.done() else self.full
            awaited.set_exception(StreamLostError("The delta did not come to the playback ring."))
        else:
            self._loop.call_soon(self._turn)


async def _hold_session(length_s: float, seconds: float) -> list[_Watch]:
    """Play a delta, interrupt it, and so on; return what each took."""
    chosen = choose_provider(CUSTOM.name, "ws://double/", {}, Config())
    wire_hz = chosen.provider.output_rate_hz
    session_audio = SessionAudio(
        VirtualBackend(),
        StreamRequest(),
        input_rate_hz=chosen.provider.input_rate_hz,
        output_rate_hz=wire_hz,
    )
    noise = np.random.default_rng(1).integers(-3000, 3000, round(length_s * wire_hz)).astype("<i2")
    audio = base64.b64encode(noise.tobytes()).decode()
    watches = list[_Watch]()

    async def serve(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.send("session.created", session={"id": "session_1"})
        ends_s = time.monotonic() + seconds
        try:
            while len(watches) < _FEWEST_DELTAS or time.monotonic() < ends_s:
                watches.append(await _answer(peer, session_audio.port, length_s, audio, len(watches)))
                user = {"item_id": f"user_{len(watches)}"}
                await peer.send("input_audio_buffer.speech_started", **user, audio_start_ms=0)
                await peer.send("input_audio_buffer.speech_stopped", **user, audio_end_ms=0)
                await asyncio.sleep(_PAUSE_S)
                while not session_audio.player.drained:  # noqa: ASYNC110 - what the audio thread does signals no event
                    await asyncio.sleep(_PAUSE_S)
            session.stop()
        except StreamLostError as error:
            session.fail(error)

    with ServerDouble(serve) as server:
        session = RealtimeSession(chosen, session_audio, ToolRunner([]), connect=server.connect)
        await session.run()
    return watches


async def _answer(peer: Peer, port: AudioPort, length_s: float, audio: str, number: int) -> _Watch:
    """Send an answer of one delta, and watch the loop until all of it has come to the ring.

    Once the ring is full, every turn of the loop plays 10 ms, so that the rest of a long answer follows soon.
    """
    ring, block = port.playback, np.empty((port.output_rate_hz // 100, 1), np.float32)
    assert ring is not None
    response, place = f"response_{number}", {"item_id": f"item_{number}", "output_index": 0, "content_index": 0}
    delta = {"response_id": response, **place, "delta": audio}
    text = json.dumps({"type": "response.output_audio.delta", "event_id": f"delta_{number}", **delta})
    await peer.send("response.created", response={"id": response, "status": "in_progress"})
    await asyncio.sleep(_PAUSE_S)
    frames = round((length_s - _NEARLY_S) * port.output_rate_hz)
    watch = _Watch(ring, ring.head + min(frames, round(_NEARLY * ring.capacity)), ring.head + frames)
    peer.send_text(text)
    await peer.send("response.output_audio.done", response_id=response, **place)
    await peer.send("response.done", response={"id": response, "status": "completed"})
    await watch.full
    while not watch.through.done():  # the interpreter's lock keeps the stream's thread out
        port.process(None, block)
        await asyncio.sleep(0)
    await watch.through
    return watch
