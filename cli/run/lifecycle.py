"""Holds one session for a person: says what was opened, reads the keys, and ends it in order, also on Ctrl+C."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from cli.run.approvals import Approvals
from cli.run.controls import Controls
from cli.run.outputs import Outputs
from cli.terminal.keyboard import has_keyboard, keyboard
from cli.terminal.signals import stop_signals
from cli.view.lines import describe_stream
from cli.view.screen import Screen
from engine.api.session import Session
from engine.errors import NotOpenError, VoiceError
from engine.redaction import plain_words

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
                    if guide is not None:
                        guiding = asyncio.ensure_future(guide(session))
                        guiding.add_done_callback(lambda guiding: _fail_with(guiding, session))
                        stack.callback(guiding.cancel)
                    else:
                        _offer_keys(session, screen, approvals, stack)
                    await session.wait()
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


def _offer_keys(session: Session, screen: Screen, approvals: Approvals, stack: contextlib.ExitStack) -> None:
    """Say how to talk, and read keys where there is a terminal; what standard input speaks is no keys."""
    spoken = session.options.input_file
    asked = "" if spoken else "Speak. " if session.listens else "Write. "
    screen.greeting = f"{asked}Ctrl+C ends the conversation."
    if not (has_keyboard() and screen.status.is_terminal) or str(spoken) == "-":
        return
    controls = Controls(session, screen.status, by_key=session.by_key, listens=session.listens)
    stack.callback(controls.close)
    stack.enter_context(keyboard(controls.take, screen.status.send, releases=session.by_key))
    approvals.attach(session, controls)
    controls.follow()
