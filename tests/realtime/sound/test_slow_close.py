"""A stream that takes its time to close: the rest of the session goes on meanwhile, and the end waits for it."""

from __future__ import annotations

import asyncio
import threading

from engine.audio.port.audio_port import AudioPort
from engine.audio.types import StreamRequest
from engine.realtime.session_events import Summary, UserTranscript
from tests.realtime.rig import PATIENCE_S, rig
from tests.support.manual_backend import ManualBackend, ManualStream
from tests.support.scripted_server import Peer


class SlowStream(ManualStream):
    """Closes when the test lets it."""

    def __init__(self, port: AudioPort, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(port)
        self.closing = asyncio.Event()
        self.may_close = threading.Event()
        self.was_let = False
        self._loop = loop

    def close(self) -> None:
        """Wait."""
        self._loop.call_soon_threadsafe(self.closing.set)
        self.was_let = self.may_close.wait(PATIENCE_S)
        super().close()


class SlowBackend(ManualBackend):
    """Opens one `SlowStream`, in whatever thread it is asked to."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._loop = loop

    def open(self, port: AudioPort, request: StreamRequest) -> ManualStream:
        """Open the stream of the test."""
        self.stream = SlowStream(port, self._loop)
        return self.stream


async def test_the_loop_goes_on_while_a_stream_closes() -> None:
    is_closing = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        await is_closing.wait()
        await peer.send("conversation.item.input_audio_transcription.completed", item_id="u1", transcript="Bye")

    backend = SlowBackend(asyncio.get_running_loop())
    async with rig(script, backend=backend) as it:
        assert isinstance(it.stream, SlowStream)
        await it.stream.started.wait()
        it.session.stop("the test is over")
        async with asyncio.timeout(PATIENCE_S):
            await it.stream.closing.wait()
            is_closing.set()
            await it.without_time(lambda: bool(it.of(UserTranscript)))
        assert not it.running.done()
        it.stream.may_close.set()
        summary = await it.end()
    assert it.stream.was_let
    assert it.stream.closed
    assert it.of(Summary) == [summary]
