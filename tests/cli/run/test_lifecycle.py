"""The end of a conversation that nobody asked for: whoever speaks for the person fails, or nobody reads any more."""

from __future__ import annotations

import asyncio
import io

import pytest

from cli.run import lifecycle
from cli.run.approvals import Approvals
from cli.run.lifecycle import Guide, converse
from cli.run.outputs import Outputs
from cli.view.screen import Screen
from engine.api.session import Session
from engine.audio.session_audio import SessionAudio
from engine.audio.types import ProcessingReport
from engine.errors import InvalidInputError, VoiceError
from tests.support.scripted_server import Peer, ScriptedServer

PATIENCE_S = 30.0


async def script(peer: Peer) -> None:
    """Let the session begin, and wait."""
    await peer.expect("session.update")
    await peer.send("session.created", session={"id": "sess_1"})
    await peer.closed.wait()


async def hold(outputs: Outputs, guide: Guide | None = None) -> None:
    """A conversation in writing that ends for its own reasons, or fails the test."""
    async with ScriptedServer(script) as server, asyncio.timeout(PATIENCE_S):
        session = Session(url=server.url, backend="virtual", text=True, observers=[outputs.screen])
        await converse(session, outputs, Approvals(outputs.screen.insist), guide)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (RuntimeError("the synthesiser broke"), "RuntimeError: the synthesiser broke"),
        (InvalidInputError("This is no line."), "^This is no line.$"),
    ],
)
async def test_a_guide_that_fails_ends_the_session_with_its_error(error: Exception, told: str) -> None:
    async def guide(_: Session) -> None:
        raise error

    with pytest.raises(VoiceError, match=told):
        await hold(Outputs(Screen(io.StringIO())), guide)


def test_a_reader_may_leave_before_the_session_is_open_and_after_the_loop_is_closed() -> None:
    shown = io.StringIO()
    outputs = Outputs(Screen(shown))
    outputs.reader_left()
    asyncio.run(hold(outputs))
    assert "nobody reads the output" in shown.getvalue()
    outputs.reader_left()


async def test_by_how_much_the_echo_got_quieter_is_noted_for_the_doctor(monkeypatch: pytest.MonkeyPatch) -> None:
    noted = list[tuple[str, float | None]]()
    monkeypatch.setattr(lifecycle, "note_echo", lambda info, erle_db: noted.append((info.backend, erle_db)))
    monkeypatch.setattr(SessionAudio, "processing_report", lambda _: ProcessingReport(("WebRtc",), 31.0))

    async def guide(session: Session) -> None:
        session.stop("that was all")

    await hold(Outputs(Screen(io.StringIO())), guide)
    assert noted == [("virtual", 31.0)]
