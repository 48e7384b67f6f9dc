"""Starts what a session needs, in order, runs it, and ends it in the opposite order, also on Ctrl+C."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.options import RunOptions
from cli.run.approvals import Approvals
from cli.run.controls import Controls
from cli.run.mcp_start import StartedServers
from cli.terminal.keyboard import has_keyboard, keyboard
from cli.terminal.signals import stop_signals
from cli.view.lines import describe_stream
from cli.view.screen import Screen
from engine.audio.device.protocol import Backend
from engine.audio.session_audio import SessionAudio
from engine.audio.types import StreamRequest
from engine.errors import NoDeviceError
from engine.local.process import LocalServer
from engine.realtime.budget import keep_to_budget
from engine.realtime.connection.transport import Connect
from engine.realtime.connection.websocket import Connection
from engine.realtime.cost.usage import UsageMeter
from engine.realtime.providers.choose import ChosenProvider
from engine.realtime.providers.session_update import SessionSettings
from engine.realtime.recording.tap import Recording
from engine.realtime.session import Observer, Session
from engine.realtime.tools.config import ToolConfig
from engine.realtime.tools.runner import ToolRunner
from engine.realtime.tools.tool import Tool
from engine.redaction import Scrubber, secrets_of_environment

SWITCH_INTERVAL_S = 0.0005
"""How long a thread of Python may keep the interpreter from the session. Beside two spinning threads, Python's own 5 ms
made each turn of the event loop take 10 ms, and a quarter of the microphone's blocks found no time to be sent."""

_WITHOUT_DEVICE = "`--backend virtual` with --input-file needs none."


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """Everything a session is made of, before anything is started."""

    chosen: ChosenProvider
    backend: Backend
    request: StreamRequest
    settings: SessionSettings
    tools: Sequence[Tool]
    options: RunOptions
    tool_config: ToolConfig = field(default_factory=ToolConfig)
    until_input_ends: bool = False
    guide: Callable[[Session], Awaitable[None]] | None = None
    """Runs beside the session: the script of a demonstration."""
    meter: UsageMeter | None = None
    """Whose budget is kept; one of the observers."""


async def converse(plan: SessionPlan, screen: Screen, observers: Sequence[Observer]) -> None:
    """Run one session. Ctrl+C and termination end it in order; while it is still starting, at once.

    Raises:
        VoiceError: what prevented or ended it.
    """
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    session: Session | None = None
    runner = ToolRunner(plan.tools)
    approvals = Approvals({*plan.tool_config.tools.approve, *plan.options.approve})
    this_task = asyncio.current_task()
    interrupted = False

    def stop() -> None:
        nonlocal interrupted
        if session is not None:
            if interrupted:
                runner.hurry()
            session.stop("interrupted")
        elif this_task is not None:
            this_task.cancel()
        interrupted = True

    with stop_signals(stop):
        try:
            async with contextlib.AsyncExitStack() as stack:
                servers = await StartedServers.start(plan.tool_config.mcp, observers, stack)
                chosen, connect = await _start_server(plan.chosen, screen, stack)
                audio = _open_audio(plan, screen)
                stack.callback(audio.close)
                secrets = (*secrets_of_environment(os.environ), *plan.tool_config.secrets)
                runner = ToolRunner([*plan.tools, *await servers.tools()], Scrubber(secrets))
                outage_s = plan.options.max_outage_s
                transport = _recorded(plan.options.record, chosen, connect, audio, observers, secrets, stack)
                told: list[Observer] = [*observers, approvals]
                session = Session(chosen, audio, runner, plan.settings, told, max_outage_s=outage_s, **transport)
                approvals.attach(session)
                session.mute(plan.options.mute)
                if plan.meter is not None:
                    plan.meter.watch_microphone(lambda: session.sent_s)
                    stack.callback(asyncio.ensure_future(keep_to_budget(plan.meter, session, audio)).cancel)
                if plan.guide is not None:
                    guide = asyncio.ensure_future(plan.guide(session))
                    stack.callback(guide.cancel)
                else:
                    _offer_keys(plan, session, screen, approvals, stack)
                await session.run(duration_s=plan.options.duration_s, until_input_ends=plan.until_input_ends)
        except asyncio.CancelledError:
            if not interrupted:
                raise
            screen.say("Interrupted while starting.")


def _offer_keys(
    plan: SessionPlan, session: Session, screen: Screen, approvals: Approvals, stack: contextlib.AsyncExitStack
) -> None:
    """Say how to talk, and read keys where there is a terminal; what standard input speaks is no keys."""
    asked = "" if plan.options.input_file else "Write. " if plan.options.text else "Speak. "
    screen.say(f"{asked}Ctrl+C ends the conversation.")
    if not (has_keyboard() and screen.status.is_terminal) or str(plan.options.input_file) == "-":
        return
    by_key = plan.settings.turn_detection(plan.chosen.provider).by_client
    controls = Controls(session, screen.status, by_key=by_key, listens=plan.settings.listens)
    stack.callback(controls.close)
    stack.enter_context(keyboard(controls.take, screen.status.send, releases=by_key))
    approvals.attach(session, controls)
    controls.show()


async def _start_server(
    chosen: ChosenProvider, screen: Screen, stack: contextlib.AsyncExitStack
) -> tuple[ChosenProvider, Connect]:
    """Start the embedded server where it is the provider; return the provider with its address, and how to connect."""
    if chosen.url:
        return chosen, Connection.open
    server = await stack.enter_async_context(LocalServer())
    for lack in server.lacks:
        screen.say(f"Note: {lack}")

    async def connect(chosen: ChosenProvider) -> Connection:
        await server.revive()
        return await Connection.open(chosen.at_url(server.url))

    return chosen.at_url(server.url), connect


def _open_audio(plan: SessionPlan, screen: Screen) -> SessionAudio:
    provider = plan.chosen.provider
    try:
        audio = SessionAudio(
            plan.backend,
            plan.request,
            input_rate_hz=provider.input_rate_hz,
            output_rate_hz=provider.output_rate_hz,
            block_ms=provider.block_ms,
            volume_db=plan.options.volume_db,
            mic_gain_db=plan.options.mic_gain_db,
            keep_played=plan.options.record is not None,
        )
    except NoDeviceError as error:
        raise NoDeviceError(error.message, fix=f"{error.fix} {_WITHOUT_DEVICE}") from None
    for line in describe_stream(audio.info):
        screen.say(line)
    return audio


def _recorded(
    folder: Path | None,
    chosen: ChosenProvider,
    connect: Connect,
    audio: SessionAudio,
    observers: Sequence[Observer],
    secrets: Sequence[str],
    stack: contextlib.AsyncExitStack,
) -> dict[str, Any]:
    """Begin a recording that ends with the stack; return how the session is connected, through it if there is one.

    Raises:
        InvalidInputError: the folder holds a recording already, or cannot be written.
    """
    if folder is None:
        return {"connect": connect}
    recording = Recording(folder, chosen, observers=observers, secrets=secrets, connect=connect)
    stack.callback(recording.close, audio)
    stack.callback(asyncio.ensure_future(recording.follow(audio)).cancel)
    return {"connect": recording.connect, "make_conversation": recording.make_conversation}
