"""The chain of a session, looked for beside a running stream."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from engine.audio.port.audio_port import AudioPort
from engine.audio.processing import session_chain
from engine.audio.processing.processors.gain import Gain
from engine.audio.processing.protocol import Processor
from engine.audio.processing.session_chain import SessionChain
from engine.audio.session_audio import SessionAudio
from engine.audio.types import StreamInfo, StreamRequest
from engine.daemon_thread import DaemonThread
from engine.errors import InvalidInputError
from tests.support.manual_backend import ManualBackend

INFO = StreamInfo("test", native=False, input=None, output=None)


async def test_a_stream_that_got_its_chain_while_somebody_looked_is_not_begun_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The blocks in the chain would be lost."""
    monkeypatch.setattr(session_chain, "_LOOK_AGAIN_S", 0.0)
    is_asked, answer, began = threading.Event(), threading.Event(), list[int]()

    def choose(info: StreamInfo, warn: Callable[[str], None]) -> list[Processor]:
        is_first = not is_asked.is_set()
        is_asked.set()
        if is_first:
            answer.wait(60)
        return [Gain()]

    thread = DaemonThread()
    monkeypatch.setattr(session_chain, "DaemonThread", lambda: thread)
    session = SessionChain(choose)
    session.look_again(INFO, lambda: began.append(1))
    is_asked.wait(60)
    device = AudioPort(keep_reference=True)
    device.attach_input(48000, 1)
    device.attach_output(48000, 1)
    session.prepare(INFO)
    session.follow(device, on_done=lambda: None, on_played=lambda _: None)
    microphone = session.microphone
    answer.set()
    await asyncio.wrap_future(thread.outcome)
    assert not began and session.microphone is microphone is not None
    session.close()


async def test_headphones_that_are_pulled_out_begin_a_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_chain, "_LOOK_AGAIN_S", 0.0)
    worn = threading.Event()
    worn.set()
    session = SessionChain(lambda info, warn: [] if worn.is_set() else [Gain()])
    needed = asyncio.Event()
    asked = 0
    while not needed.is_set():
        session.look_again(INFO, needed.set)
        await asyncio.sleep(0)
        asked += 1
        if asked == 100:
            assert session.microphone is None
            worn.clear()
    device = AudioPort(keep_reference=True)
    device.attach_input(48000, 1)
    device.attach_output(48000, 1)
    assert session.follow(device, on_done=lambda: None, on_played=lambda _: None) is not device
    assert session.report().processors == ("Gain",)
    session.close()


async def test_a_stream_whose_processors_cannot_be_made_is_closed() -> None:
    def choose(info: StreamInfo, warn: Callable[[str], None]) -> list[Processor]:
        raise InvalidInputError("There is no such processor.")

    backend = ManualBackend()
    with pytest.raises(InvalidInputError, match="no such processor"):
        SessionAudio(
            backend, StreamRequest(), input_rate_hz=24000, output_rate_hz=24000, processing=SessionChain(choose)
        )
    assert backend.stream is not None and backend.stream.closed
