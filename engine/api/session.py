"""A session as a program holds it: everything is opened in order, and closed in order on every way out."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import threading
from collections.abc import Awaitable
from dataclasses import fields
from types import TracebackType
from typing import Any

from engine.api.backend import directions_of, naming_origin, opened_backend, require_devices, stream_request
from engine.api.devices import warm_up
from engine.api.event_buffer import EventBuffer
from engine.api.options import SessionOptions, path_of, taking
from engine.api.plan import SessionPlan
from engine.api.sound import Sound, pcm16_of
from engine.audio.processing.session_chain import SessionChain
from engine.audio.run_blocking import run_blocking, wait_out
from engine.audio.session_audio import SessionAudio
from engine.audio.types import StreamInfo
from engine.errors import InvalidInputError, NotOpenError, VoiceError
from engine.local.process import LocalServer
from engine.realtime.activity import Activity
from engine.realtime.audience import Audience
from engine.realtime.connection.transport import Connect
from engine.realtime.connection.websocket import Connection
from engine.realtime.monitor import Monitor
from engine.realtime.providers.choose import ChosenProvider
from engine.realtime.recording.tap import Recording
from engine.realtime.session import RealtimeSession
from engine.realtime.session_events import ApprovalAsked, Lacking, PartChosen, SessionEvent, Summary
from engine.realtime.sound.rate_check import OutputRateWatch
from engine.realtime.tools.host.host import ToolHost
from engine.realtime.tools.mcp.servers import McpServers
from engine.realtime.tools.runner import ToolRunner
from engine.realtime.tools.tool import Tool


class Session:
    """A conversation with an agent; takes what `SessionOptions` takes.

    It is used from the thread that opened it; another hands its calls over with `loop.call_soon_threadsafe`.
    Its events can be read in a loop: as many as the buffer holds wait for a slow reader, the newest. An error that
    ends the session is raised by the loop or by `wait`, or where the block is left, once.

    Example:
        >>> async with Session(provider="local", backend="virtual", duration=0.5, record="talk") as session:
        ...     events = [event async for event in session]
        >>> events[-1].reason
        'duration'
    """

    @taking(SessionOptions)
    def __init__(self, options: SessionOptions) -> None:
        """Check everything that can be checked before anything is opened.

        Raises:
            VoiceError: an option or the configuration is wrong, a key is missing, or a tool cannot be loaded.
        """
        self.options = options
        self._plan = SessionPlan(options)
        self._events = EventBuffer()
        self._meter = self._plan.meter()
        self._audience = Audience(
            [*options.observers, self._events, self._approve_unasked],
            self._plan.chosen.scrubber,
            [self._meter, OutputRateWatch(self._plan.chosen.provider.output_rate_hz)],
        )
        self._approved = {*self._plan.config.tools.approve, *options.approve}
        self._was_opened = self._was_raised = False
        self._thread_id = 0
        self._stack = contextlib.AsyncExitStack()
        self._runner = ToolRunner(())
        self._audio: SessionAudio | None = None
        self._core: RealtimeSession | None = None
        self._running: asyncio.Task[Summary] | None = None
        self._offers: list[asyncio.Task[None]] = []

    @classmethod
    def of(cls, options: SessionOptions) -> Session:
        """Make a session of options that are one value."""
        return cls(**{entry.name: getattr(options, entry.name) for entry in fields(options)})

    async def __aenter__(self) -> Session:
        """Open everything and begin to connect; what fails leaves nothing open.

        Raises:
            VoiceError: what prevents it.
        """
        if self._was_opened:
            raise NotOpenError("A session is opened once.", fix="Make another one.")
        self._was_opened, self._thread_id = True, threading.get_ident()
        async with contextlib.AsyncExitStack() as stack:
            await self._open(stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the session, and close everything in order.

        Raises:
            VoiceError: what ended the session, if nobody was told, and the block ends without an error of its own.
        """
        try:
            await self._stack.aclose()
        except VoiceError:
            if error is None:
                raise
        if error is None:
            self._raise_failure()

    def __aiter__(self) -> Session:
        """Read the events; a second loop goes on where the first one was left."""
        return self

    async def __anext__(self) -> SessionEvent:
        """Return the next event; the summary is the last.

        Raises:
            VoiceError: what ended the session, after the summary.
        """
        if self._running is None:
            raise _not_open()
        event = await self._events.next()
        if event is None:
            await self.wait()
            raise StopAsyncIteration
        return event

    async def run(self) -> Summary:
        """Hold the whole conversation: open everything, wait for the end, close; return the summary.

        Raises:
            VoiceError: what prevented or ended it.
        """
        async with self:
            return await self.wait()

    async def wait(self) -> Summary:
        """Wait until the session has ended by itself or was stopped; return its summary.

        Raises:
            VoiceError: what ended it, unless that was raised before.
        """
        if self._running is None:
            raise _not_open()
        await asyncio.wait([self._running])
        self._raise_failure()
        assert self.summary is not None
        return self.summary

    @property
    def stream(self) -> StreamInfo:
        """Devices or files of the session, as they were opened."""
        if self._audio is None:
            raise _not_open()
        return self._audio.info

    @property
    def monitor(self) -> Monitor:
        """Levels, volume, devices, and the words that have sounded."""
        return self._opened.monitor

    @property
    def summary(self) -> Summary | None:
        """Summary of the session, once it has ended."""
        return self._events.summary

    @property
    def missed_events(self) -> int:
        """Number of events that were dropped because the program did not read them in time."""
        return self._events.missed

    @property
    def muted(self) -> bool:
        """Whether the microphone is muted."""
        return self.options.mute if self._core is None else self._core.muted

    @property
    def by_key(self) -> bool:
        """Whether the user is heard only between `talk(True)` and `talk(False)`."""
        return self._plan.by_key

    @property
    def listens(self) -> bool:
        """Whether the microphone is sent at all."""
        return self._plan.settings.listens

    @property
    def at_rest(self) -> bool:
        """Whether nobody speaks or is answered, no tool runs, and everything has been heard."""
        return self._core is not None and self._core.at_rest

    @property
    def activity(self) -> Activity:
        """Present state of the conversation; the events tell how it came about."""
        return Activity.CONNECTING if self._core is None else self._core.activity

    async def tools_offered(self) -> None:
        """Wait until each tool is offered, or told why not: a session begins without those that take time to start."""
        await asyncio.gather(*self._offers, return_exceptions=True)

    def approves(self, server: str) -> bool:
        """Whether calls of a remote MCP server need no question; it is answered by the session itself."""
        return bool(self._approved & {"all", server})

    def approve(self, approval_id: str, approve: bool = True, reason: str = "") -> None:
        """Answer an `ApprovalAsked`: whether the service may make the call."""
        self._live.approve(approval_id, approve=approve, reason=reason)

    def send_text(self, text: str) -> None:
        """Say something to the agent in writing: it interrupts as speech does, and is answered.

        Raises:
            InvalidInputError: the text is empty, or is none.
            NotOpenError: the session is not open.
        """
        if not isinstance(text, str) or not text.strip():
            raise InvalidInputError(f"`text=` cannot be {text!r:.40}: there are no words in it.", fix="Send words.")
        self._live.type_text(text)

    def play(self, sound: Sound, rate_hz: int | None = None) -> None:
        """Play samples or a file of the program's own behind what is being said; an interruption stops it too.

        The agent never learns of it.

        Args:
            sound: Mono or with channels, float32 or int16; or the path of a file.
            rate_hz: Rate of the samples.

        Raises:
            InvalidInputError: it is no sound, or its rate is missing.
        """
        self._live.play(pcm16_of(sound, rate_hz, self._plan.chosen.provider.output_rate_hz))

    def interrupt(self) -> None:
        """Silence the agent, as speech of the user would: what was heard of the answer stays."""
        self._live.interrupt()

    def mute(self, muted: bool = True) -> None:
        """Keep what is said from now on from the server, or no more."""
        self._live.mute(muted)

    def talk(self, pressed: bool = True) -> None:
        """Begin or end a turn of the user, with turns by key; nothing where the server detects them."""
        self._live.talk(pressed)

    def end_input(self) -> None:
        """Say that nobody will speak or write any more: the session ends with the last answer."""
        self._live.end_input()

    def stop(self, reason: str = "stopped", *, at_once: bool = False) -> None:
        """Ask the session to end in order; `at_once` waits for no tool. It may have ended already.

        Raises:
            NotOpenError: the session was never opened.
        """
        core = self._opened
        if at_once:
            self._runner.hurry()
        core.stop(reason)

    def fail(self, error: VoiceError) -> None:
        """End the session with an error, which is raised as one of its own."""
        self._live.fail(error)

    @property
    def _opened(self) -> RealtimeSession:
        if self._core is None:
            raise _not_open()
        if threading.get_ident() != self._thread_id:
            what = "A session was used from another thread than the one it was opened in."
            raise InvalidInputError(what, fix="Hand the call to its loop with `loop.call_soon_threadsafe`.")
        return self._core

    @property
    def _live(self) -> RealtimeSession:
        core = self._opened
        if self._running is None or self._running.done():
            raise _not_open()
        return core

    def _raise_failure(self) -> None:
        if self._running is not None and not self._was_raised and (error := self._running.exception()) is not None:
            self._was_raised = True
            raise error

    async def _open(self, stack: contextlib.AsyncExitStack) -> None:
        plan, options, tell = self._plan, self.options, self._audience.tell
        stack.enter_context(naming_origin(plan.config.audio))
        audio_defaults, directions = plan.config.audio, directions_of(options)
        found = await stack.enter_async_context(opened_backend(options, audio_defaults, directions))
        if found.backend is not options.backend:
            tell(PartChosen("backend", found.backend.name, found.reason))
        request = stream_request(options, audio_defaults, found.backend.name, directions)
        await run_blocking(functools.partial(require_devices, found.backend, request))
        tell(PartChosen("provider", plan.chosen.provider.name, plan.chosen.reason))
        tell(*map(Lacking, plan.lacks))
        host = await stack.enter_async_context(ToolHost(plan.order, tell, plan.chosen.scrubber, asked=plan.asked))
        await run_blocking(functools.partial(warm_up, options.on_compile))
        provider = plan.chosen.provider
        open_audio = functools.partial(
            SessionAudio,
            found.backend,
            request,
            input_rate_hz=provider.input_rate_hz,
            output_rate_hz=provider.output_rate_hz,
            block_ms=provider.block_ms,
            volume_db=options.volume,
            mic_gain_db=options.mic_gain,
            keep_played=options.record is not None and options.record_sound,
            processing=SessionChain(plan.processing.processors),
        )
        self._audio = audio = await run_blocking(open_audio, discard=SessionAudio.close)
        stack.push_async_callback(audio.aclose)
        # The servers after the devices, which may not be there: that is told without a wait.
        servers = await stack.enter_async_context(McpServers(plan.config.mcp, tell))
        chosen, connect = await self._reach_server(stack)
        self._runner = ToolRunner(plan.tools, chosen.scrubber)
        recorded: dict[str, Any] = {}
        if (folder := path_of(options.record)) is not None:
            recording = Recording(folder, chosen, tell=tell, connect=connect, sound=options.record_sound)
            following = asyncio.ensure_future(recording.follow(audio))
            self._audience.join(recording.note)

            async def close(summary: Summary) -> None:
                following.cancel()
                await recording.aclose(audio, *self._meter(summary, 0.0), summary)

            recorded = {"make_conversation": recording.make_conversation, "at_end": close}
            connect = recording.connect
        core = RealtimeSession(
            chosen,
            audio,
            self._runner,
            plan.settings,
            self._audience,
            connect=connect,
            max_outage_s=options.max_outage_audio,
            **recorded,
        )
        core.mute(options.mute)
        self._meter.attach(core)
        self._running = asyncio.create_task(core.run(duration_s=options.duration, until_input_ends=True))
        # Nobody asks for its error where the block ends with one of its own: asyncio would print it.
        self._running.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._core = core
        for tools in (host.tools(), *servers.tools.values()):
            self._offers.append(asyncio.create_task(core.guarded(functools.partial(_offer, core, tools))))
            stack.callback(self._offers[-1].cancel)
        stack.push_async_callback(self._finish, core, self._running)

    async def _reach_server(self, stack: contextlib.AsyncExitStack) -> tuple[ChosenProvider, Connect]:
        """Start the embedded server where it is the provider; return the provider with its address, and the way there.

        A server that has died is started again for the next connection.
        """
        chosen = self._plan.chosen
        if chosen.url:
            return chosen, self.options.connect or Connection.open
        server = await stack.enter_async_context(LocalServer())
        self._audience.tell(*map(Lacking, server.lacks))

        async def connect(chosen: ChosenProvider) -> Connection:
            await server.revive()
            return await Connection.open(chosen.at_url(server.url))

        return chosen.at_url(server.url), connect

    async def _finish(self, core: RealtimeSession, running: asyncio.Task[Summary]) -> None:
        """Stop the conversation and wait for its end; one that is cancelled meanwhile waits for no tool."""
        core.stop("closed")
        try:
            await asyncio.wait([running])
        except asyncio.CancelledError:
            self._runner.hurry()
            await wait_out(running)
            raise

    def _approve_unasked(self, event: SessionEvent, _: float) -> None:
        if isinstance(event, ApprovalAsked) and self.approves(event.server):
            self.approve(event.approval_id)


async def _offer(core: RealtimeSession, coming: Awaitable[list[Tool]]) -> None:
    if tools := await coming:
        core.offer(tools)


def _not_open() -> NotOpenError:
    return NotOpenError("This session is not open.", fix="Use it inside its block, until it ends.")
