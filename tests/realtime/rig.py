"""A session on a manual clock against a scripted server: what most session tests need."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from engine.audio.session_audio import SessionAudio
from engine.audio.types import StreamRequest
from engine.config import Config
from engine.errors import VoiceError
from engine.realtime.providers.choose import ChosenProvider, choose_provider
from engine.realtime.providers.session_update import SessionSettings
from engine.realtime.session import RealtimeSession
from engine.realtime.session_events import SessionEvent, Summary
from engine.realtime.tools.runner import ToolRunner
from engine.realtime.tools.tool import Tool
from tests.support.manual_backend import ManualBackend, ManualStream
from tests.support.scripted_server import Peer, ScriptedServer

PATIENCE_S = 20.0


@dataclass
class Rig:
    """The running session and both of its ends."""

    session: RealtimeSession
    stream: ManualStream
    server: ScriptedServer
    peer: Peer
    running: asyncio.Task[Summary]
    runner: ToolRunner
    session_events: list[SessionEvent] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def of(self, kind: type[SessionEvent]) -> list[SessionEvent]:
        """Every session event of a kind so far."""
        return [event for event in self.session_events if isinstance(event, kind)]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let time pass, a block at a time, until something holds."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                await self.stream.run(0.01)

    async def without_time(self, condition: Callable[[], bool]) -> None:
        """Wait for the network alone: the audio's clock stands still."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                await self.arrived.wait()
                self.arrived.clear()

    async def until_event(self, kind: type[SessionEvent], count: int = 1) -> SessionEvent:
        """Let time pass until there are so many of a kind; return the last."""
        await self.until(lambda: len(self.of(kind)) >= count)
        return self.of(kind)[count - 1]

    async def end(self) -> Summary:
        """Stop the session and return its summary."""
        self.session.stop("the test is over")
        async with asyncio.timeout(PATIENCE_S):
            return await self.running

    async def failure(self) -> VoiceError:
        """The error the session ends with by itself."""
        async with asyncio.timeout(PATIENCE_S):
            try:
                await self.running
            except VoiceError as error:
                return error
        raise AssertionError("the session ended without an error")


def chosen_at(url: str, provider: str = "custom", environ: dict[str, str] | None = None) -> ChosenProvider:
    """A provider at the test's address."""
    return choose_provider(provider, url, environ or {}, Config())


@asynccontextmanager
async def rig(
    script: Callable[[Peer], Awaitable[None]],
    *,
    provider: str = "custom",
    environ: dict[str, str] | None = None,
    tools: list[Tool] | None = None,
    backend: ManualBackend | None = None,
    request: StreamRequest | None = None,
    settings: SessionSettings | None = None,
) -> AsyncIterator[Rig]:
    """Run a session until the block ends; it is stopped on every way out."""
    async with ScriptedServer(script) as server:
        chosen = chosen_at(server.url, provider, environ)
        backend = backend or ManualBackend()
        service = chosen.provider
        audio = SessionAudio(
            backend,
            request or StreamRequest(),
            input_rate_hz=service.input_rate_hz,
            output_rate_hz=service.output_rate_hz,
        )
        runner = ToolRunner(tools or [])
        session_events: list[SessionEvent] = []
        arrived = asyncio.Event()

        def observe(event: SessionEvent, _: float) -> None:
            session_events.append(event)
            arrived.set()

        session = RealtimeSession(chosen, audio, runner, settings, observers=[observe])
        running = asyncio.create_task(session.run())
        assert backend.stream is not None
        try:
            yield Rig(session, backend.stream, server, await server.peer(), running, runner, session_events, arrived)
        finally:
            session.stop("the test is over")
            await asyncio.gather(running, return_exceptions=True)
