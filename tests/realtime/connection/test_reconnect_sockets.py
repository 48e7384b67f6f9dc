"""Reconnecting over real sockets: a server that closes with each code, breaks off, and falls silent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import numpy as np
import pytest

from engine.audio.session_audio import SessionAudio
from engine.audio.types import StreamRequest
from engine.realtime.connection import keepalive
from engine.realtime.session import RealtimeSession
from engine.realtime.session_events import FirstAudio, Reconnected, Reconnecting, SessionEvent, SessionStarted
from engine.realtime.tools.runner import ToolRunner
from tests.realtime.rig import chosen_at, rig
from tests.support.manual_backend import ManualBackend
from tests.support.relay import Relay
from tests.support.scripted_server import Peer

ANSWER = (8000 * np.sin(np.arange(4800) / 5)).astype("<i2").tobytes()


async def _close(peer: Peer, code: int) -> None:
    await peer.socket.close(code=code, message=b"because")


def _transport(peer: Peer) -> asyncio.Transport:
    transport = peer.socket._req.transport  # type: ignore[union-attr]
    assert isinstance(transport, asyncio.Transport)
    return transport


async def _close_without_a_code(peer: Peer) -> None:
    _transport(peer).write(b"\x88\x00")


async def _abort(peer: Peer) -> None:
    _transport(peer).abort()


ENDS: dict[str, Callable[[Peer], Awaitable[None]]] = {
    "1001": lambda peer: _close(peer, 1001),
    "1005, no code": _close_without_a_code,
    "1006, reset": _abort,
    "1011": lambda peer: _close(peer, 1011),
    "1012": lambda peer: _close(peer, 1012),
    "1013": lambda peer: _close(peer, 1013),
}


@pytest.mark.parametrize("end", ENDS)
async def test_a_connection_that_ends_comes_back_with_the_history(end: str) -> None:
    connections: list[Peer] = []

    async def script(peer: Peer) -> None:
        connections.append(peer)
        await peer.expect("session.update")
        await peer.send("session.created", session={"id": f"session_{len(connections)}"})
        if len(connections) == 1:
            said = {"item_id": "u1", "content_index": 0, "transcript": "Hello"}
            await peer.send("conversation.item.input_audio_transcription.completed", **said)
            await ENDS[end](peer)
            return
        told = await peer.expect("conversation.item.create")
        assert told["item"]["content"][0]["text"] == "Hello"
        await peer.answer("r1", "i1", ANSWER)

    async with rig(script) as it:
        await it.without_time(lambda: bool(it.of(Reconnected)))
        await it.until_event(FirstAudio)
        summary = await it.end()
    assert summary.reconnects == 1
    (reconnecting,) = it.of(Reconnecting)
    assert isinstance(reconnecting, Reconnecting)
    assert reconnecting.attempt == 1
    quiet = connections[1].of_type("session.update")[0]["session"]["audio"]["input"]["turn_detection"]
    assert quiet["create_response"] is False
    assert len(connections[1].of_type("session.update")) == 2


async def test_a_connection_that_passes_nothing_on_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keepalive, "PROBE_AFTER_S", 1.0)
    monkeypatch.setattr(keepalive, "DEAD_AFTER_S", 2.0)
    session_events: list[SessionEvent] = []
    came = asyncio.Event()

    def observe(event: SessionEvent, _: float) -> None:
        session_events.append(event)
        came.set()

    async def until(kind: type[SessionEvent], count: int) -> None:
        async with asyncio.timeout(30):
            while sum(isinstance(event, kind) for event in session_events) < count:
                came.clear()
                await came.wait()

    with Relay() as relay:
        audio = SessionAudio(ManualBackend(), StreamRequest(), input_rate_hz=24000, output_rate_hz=24000)
        session = RealtimeSession(chosen_at(relay.url), audio, ToolRunner([]), observers=[observe])
        running = asyncio.create_task(session.run())
        try:
            await until(SessionStarted, 1)
            relay.freeze()
            await until(Reconnected, 1)
            await until(SessionStarted, 2)
        finally:
            session.stop("the test is over")
            summary = await running
    assert summary.reconnects == 1
    assert relay.connections == 2
