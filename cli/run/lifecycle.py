"""Holds one session for a person: says what was opened, reads the keys, and ends it in order, also on Ctrl+C."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Awaitable, Callable

from cli.devices.echo_note import note_echo
from cli.language.spoken import word
from cli.run.approvals import Approvals
from cli.run.outputs import Outputs
from cli.run.piped_input import PlainLines
from cli.terminal.presence import has_keyboard
from cli.terminal.signals import stop_signals
from cli.view.lines import describe_stream
from cli.view.screen import Screen
from engine.api.session import Session
from engine.errors import NotOpenError, VoiceError
from engine.redaction import plain_words

_LEAVE_S = 0.3
"""Longest wait for a terminal to take the live lines away before Ctrl+Z gives it to the shell."""
Guide = Callable[[Session], Awaitable[None]]
"""Speaks for the person: the lines of a pipe, or the script of a demonstration."""


async def converse(session: Session, outputs: Outputs, approvals: Approvals, guide: Guide | None = None) -> None:
    """Run one session. Ctrl+C and termination end it in order; while it is still starting, at once.

    Raises:
        VoiceError: what prevented or ended it.
    """
    screen = outputs.screen
    loop, this_task = asyncio.get_running_loop(), asyncio.current_task()
    is_open = interrupted = False

    def stop() -> None:
        nonlocal interrupted
        if is_open:
            session.stop("ended by the user", at_once=interrupted)
        elif this_task is not None and not interrupted:  # twice would cancel what is being put in order
            this_task.cancel()
        interrupted = True

    def reader_left() -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed, and what still waits is written out
            loop.call_soon_threadsafe(session.stop, "nobody reads the output")

    with stop_signals(stop):
        try:
            async with session:
                is_open = True
                outputs.on_reader_left(reader_left)
                for line in describe_stream(session.stream):
                    screen.say(line)
                approvals.attach(session)
                with contextlib.ExitStack() as stack:
                    stack.enter_context(screen.follow(session))
                    guide = guide or _offer_keys(session, screen, approvals, stack)
                    if guide is not None:
                        guiding = asyncio.ensure_future(guide(session))
                        guiding.add_done_callback(lambda guiding: _fail_with(guiding, session))
                        stack.callback(guiding.cancel)
                    summary = await session.wait()
            note_echo(session.stream, summary.processing.erle_db)
        except asyncio.CancelledError:
            if interrupted:
                screen.say("Interrupted while starting.")
            raise


def _fail_with(guiding: asyncio.Future[None], session: Session) -> None:
    """End the session with what its guide has failed with, which would go on without one for ever."""
    error = None if guiding.cancelled() else guiding.exception()
    if error is None:
        return
    if not isinstance(error, VoiceError):
        error = VoiceError(f"What speaks for you has failed: {plain_words(error)}.", fix="Report it.")
    with contextlib.suppress(NotOpenError):  # it has ended already, and the guide failed for that
        session.fail(error)


def _offer_keys(session: Session, screen: Screen, approvals: Approvals, stack: contextlib.ExitStack) -> Guide | None:
    """Say how to talk, and read a terminal: keys, or lines where nothing is drawn; what is spoken there is neither."""
    spoken = session.options.input_file
    asked = "" if spoken else word("Speak. ") if session.listens else word("Write. ")
    screen.greeting = f"{asked}Ctrl+C ends the conversation."
    if not has_keyboard() or str(spoken) == "-":
        return None
    if not screen.is_live:
        lines = PlainLines(session, screen)
        approvals.attach(session, lines)
        return lines.take
    from cli.run.controls import Controls  # noqa: PLC0415 - brings blessed
    from cli.terminal.keyboard import keyboard  # noqa: PLC0415
    from cli.view.live_screen import LiveScreen  # noqa: PLC0415

    assert isinstance(screen, LiveScreen)
    controls = Controls(session, screen)
    stack.callback(controls.close)
    area = screen.area
    leave = functools.partial(area.leave, _LEAVE_S)
    stack.enter_context(keyboard(controls.take, area.send, releases=session.by_key, leave=leave))
    approvals.attach(session, controls)
    return None
