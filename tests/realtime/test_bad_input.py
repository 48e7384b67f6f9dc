"""A server that says what it should not: an error is shown, the session goes on or ends in order, nothing hangs."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable

import numpy as np
import pytest

from engine.errors import AccessRefusedError, ProtocolBrokenError, SessionClosedError, VoiceError
from engine.realtime.session_events import ErrorShown, FirstAudio, Reconnected, ResponseEnded, Summary
from tests.realtime.rig import rig
from tests.support.scripted_server import Peer

ANSWER = (8000 * np.sin(np.arange(4800) / 5)).astype("<i2").tobytes()
DELTA = {"type": "response.output_audio.delta", "response_id": "r0", "item_id": "i0", "content_index": 0}


async def _text(peer: Peer, text: str) -> None:
    await peer.send_text(text)


def _nested(levels: int) -> dict[str, object]:
    return {"a": _nested(levels - 1)} if levels else {}


SURVIVED: dict[str, tuple[Callable[[Peer], Awaitable[None]], bool]] = {
    "not JSON": (lambda peer: _text(peer, "{'type': hello"), True),
    "no object": (lambda peer: _text(peer, '["response.created"]'), True),
    "no type": (lambda peer: _text(peer, '{"event_id": "e"}'), True),
    "deeply nested": (lambda peer: _text(peer, "[" * 100_000), True),
    "nested beyond any event": (lambda peer: peer.send("rate_limits.updated", new=_nested(500)), True),
    "unknown event": (lambda peer: peer.send("rate_limits.updated", rate_limits=[{"name": "tokens"}]), False),
    "unknown fields and nulls": (
        lambda peer: peer.send("response.output_text.delta", response_id=None, delta=None, new={"a": 1}),
        False,
    ),
    "binary frame": (lambda peer: peer.socket.send_bytes(b"\x00\x01"), True),
    "base64 garbage": (lambda peer: _text(peer, json.dumps({**DELTA, "delta": "!!!not base64!!!"})), True),
    "base64 without padding": (lambda peer: _text(peer, json.dumps({**DELTA, "delta": "AAA"})), False),
    "a number for audio": (lambda peer: _text(peer, json.dumps({**DELTA, "delta": 7})), True),
    "wrong types": (lambda peer: _text(peer, '{"type": "response.created", "response": 7}'), False),
    "lone surrogate": (lambda peer: peer.send("response.output_text.delta", response_id="r0", delta="\ud800"), False),
    "error event": (lambda peer: peer.send("error", error={"message": "Odd", "code": "odd"}), True),
    "error as text": (lambda peer: peer.send("error", error="Odd"), True),
}


@pytest.mark.parametrize("name", SURVIVED)
async def test_the_session_goes_on_and_the_next_answer_is_heard(name: str) -> None:
    misbehave, shows_error = SURVIVED[name]

    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        await misbehave(peer)
        await peer.answer("r1", "i1", ANSWER)

    async with rig(script) as it:
        await it.until_event(FirstAudio)
        summary = await it.end()
    assert bool(it.of(ErrorShown)) is shows_error
    assert np.max(np.abs(it.stream.heard)) > 0.1
    assert it.session_events[-1] == summary


async def test_an_odd_byte_is_carried_into_the_next_delta() -> None:
    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.begin_response("r1")
        await peer.audio("r1", "i1", ANSWER[:4801])
        await peer.audio("r1", "i1", ANSWER[4801:] + b"\x7f")
        await peer.end_audio("r1", "i1")
        await peer.end_response("r1")

    async with rig(script) as it:
        await it.until_event(ResponseEnded)
        await it.until(lambda: it.session.at_rest)
    heard = it.stream.heard[np.flatnonzero(np.abs(it.stream.heard) > 0.01)[0] :]
    # A sine has no steps: one byte out of place would make noise of half the answer.
    assert np.max(np.abs(np.diff(heard[:9000]))) < 0.06
    assert np.max(np.abs(heard[4000:9000])) > 0.2


async def test_an_event_of_20_mb_ends_the_session_with_a_clear_error() -> None:
    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        await _text(peer, json.dumps({**DELTA, "delta": base64.b64encode(bytes(15_000_000)).decode()}))

    async with rig(script) as it:
        error = await it.failure()
    assert isinstance(error, ProtocolBrokenError)
    assert "16 MiB" in error.message
    assert isinstance(it.session_events[-1], Summary)
    assert it.stream.closed


async def test_a_socket_closed_in_the_middle_of_a_delta_is_replaced() -> None:
    closed = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        if closed.is_set():
            await peer.answer("r2", "i2", ANSWER)
            return
        closed.set()
        await peer.begin_response("r1")
        transport = peer.socket._req.transport  # type: ignore[union-attr]
        assert transport is not None
        # The head of a text frame of 65 kB, and only its first bytes.
        transport.write(b"\x81\x7e\xff\xff" + b'{"type": "response.output_audio.delta"')
        transport.close()

    async with rig(script) as it:
        await it.until_event(Reconnected)
        await it.until_event(FirstAudio)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (1000, SessionClosedError),
        (1008, AccessRefusedError),
        (1009, ProtocolBrokenError),
        (4000, AccessRefusedError),
    ],
)
async def test_close_codes_end_the_session_with_the_error_they_mean(code: int, kind: type[VoiceError]) -> None:
    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.socket.close(code=code, message=b"because")

    async with rig(script) as it:
        error = await it.failure()
    assert type(error) is kind
    assert str(code) in error.message
    assert "because" in error.message


@pytest.mark.parametrize("code", ["insufficient_quota", "invalid_api_key"])
async def test_fatal_errors_end_the_session(code: str) -> None:
    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.send("error", error={"code": code, "message": "No."})

    async with rig(script) as it:
        error = await it.failure()
    assert isinstance(error, AccessRefusedError)
    (shown,) = it.of(ErrorShown)
    assert isinstance(shown, ErrorShown)
    assert shown.fatal


@pytest.mark.parametrize("code", ["response_cancel_not_active", "input_audio_buffer_commit_empty"])
async def test_benign_errors_are_not_shown(code: str) -> None:
    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.send("error", error={"code": code, "message": "No."})
        await peer.answer("r1", "i1", ANSWER)

    async with rig(script) as it:
        await it.until_event(FirstAudio)
    assert not it.of(ErrorShown)


async def test_a_failed_response_is_shown_and_the_session_goes_on() -> None:
    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.begin_response("r1")
        details = {"type": "failed", "error": {"code": "server_error", "message": "The model is down"}}
        await peer.send("response.done", response={"id": "r1", "status": "failed", "status_details": details})
        await peer.answer("r2", "i2", ANSWER)

    async with rig(script) as it:
        await it.until_event(FirstAudio)
    (shown,) = it.of(ErrorShown)
    assert isinstance(shown, ErrorShown)
    assert "The model is down" in shown.message


async def test_nothing_hangs_when_the_session_is_stopped_while_it_connects() -> None:
    from engine.audio.session_audio import SessionAudio  # noqa: PLC0415
    from engine.audio.types import StreamRequest  # noqa: PLC0415
    from engine.realtime.session import RealtimeSession  # noqa: PLC0415
    from engine.realtime.tools.runner import ToolRunner  # noqa: PLC0415
    from tests.realtime.rig import chosen_at  # noqa: PLC0415
    from tests.support.manual_backend import ManualBackend  # noqa: PLC0415

    accepted = asyncio.Event()

    async def never_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(never_answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    audio = SessionAudio(ManualBackend(), StreamRequest(), input_rate_hz=24000, output_rate_hz=24000)
    session = RealtimeSession(chosen_at(f"ws://127.0.0.1:{port}/"), audio, ToolRunner([]))
    running = asyncio.create_task(session.run())
    async with asyncio.timeout(10):
        await accepted.wait()
        session.stop("interrupted")
        summary = await running
    server.close()
    assert summary.reason == "interrupted"
