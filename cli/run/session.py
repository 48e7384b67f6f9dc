"""The session of `voice run`: made of the options, checked, and held until it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cli.run.approvals import Approvals
from cli.run.lifecycle import converse
from cli.run.outputs import Outputs
from cli.run.piped_input import say_lines
from cli.run.quiet_others import quiet_others
from cli.terminal.presence import has_keyboard
from cli.view.first_run import Compiling
from engine.api.options import SessionOptions, ToolPlace
from engine.api.session import Session
from engine.audio.device.exclusive import allow_restarts
from engine.errors import InvalidInputError, NoDeviceError, NoSoundCardError
from engine.realtime.activity import Activity
from engine.realtime.session_events import Observer

_WITHOUT_DEVICE = "`--backend virtual` with --input-file needs none."


def hold_session(options: SessionOptions, kept: Mapping[str, Any], outputs: Outputs, *, quiets_others: bool) -> None:
    """Hold the conversation, or a demonstration where there is no sound card and nothing was named.

    Args:
        options: Those of the command line, with the configuration.
        kept: Further options, of what is kept of this conversation alone.
        outputs: Where it is shown.
        quiets_others: Whether other programs are turned down while the agent speaks.

    Raises:
        VoiceError: what prevented or ended it.
    """
    screen = outputs.screen
    allow_restarts()
    approvals = Approvals(screen.insist)
    file: list[Observer] = [outputs.events] if outputs.events else []
    compiling = Compiling(screen)
    options = replace(options, host=ToolPlace.PROCESS, observers=[screen, *file, approvals], on_compile=compiling)
    session = Session.of(replace(options, **kept))
    # What is not possible is said before anything is opened.
    if session.by_key and not (has_keyboard() and screen.is_live):
        raise InvalidInputError(
            "Push-to-talk needs a terminal for its key.", fix="Leave --turns none out, or write with --text."
        )
    guide = say_lines if options.text and not has_keyboard() else None
    try:
        with quiet_others(lambda: session.activity is Activity.SPEAKING, wanted=quiets_others):
            asyncio.run(converse(session, outputs, approvals, guide))
    except NoSoundCardError as error:
        # The demonstration is the embedded agent's: who named a device, a file or a service wanted something else.
        named = (options.input, options.output, options.output_file, options.url)
        if any(each is not None for each in named) or options.provider not in (None, "local"):
            raise
        from cli.run.demo import hold_demonstration  # noqa: PLC0415 - loads a synthesiser, and is rarely needed

        screen.say(error.message)
        hold_demonstration(options, outputs)
    except NoDeviceError as error:
        raise NoDeviceError(error.message, fix=f"{error.fix} {_WITHOUT_DEVICE}") from None
    finally:
        compiling.end()
