"""Start of `voice run`: opens the session that the options describe, and shows it until it ends."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from cli.options import LogLevel
from cli.run.approvals import Approvals
from cli.run.keeping import keeping
from cli.run.lifecycle import converse
from cli.run.outputs import open_outputs
from cli.run.piped_input import say_lines
from cli.run.quiet_others import quiet_others
from cli.terminal.logs import log_between_lines
from cli.terminal.presence import has_keyboard
from cli.view.first_run import Compiling, introduce
from engine.api.conversations import find_recording, kept_folder
from engine.api.options import SessionOptions, ToolPlace
from engine.api.session import Session
from engine.audio.device.exclusive import allow_restarts
from engine.config import load_config
from engine.errors import InvalidInputError, NoDeviceError, NoSoundCardError
from engine.realtime.activity import Activity
from engine.realtime.session_events import Observer

_WITHOUT_DEVICE = "`--backend virtual` with --input-file needs none."


def run_session(
    options: SessionOptions, events: str | None, log_level: LogLevel, *, plain: bool, quiets_others: bool
) -> None:
    """Hold the conversation that the options describe.

    Raises:
        VoiceError: what prevented or ended it.
    """
    config = load_config()
    if options.resume is not None:
        earlier = find_recording(str(options.resume), kept_folder(config.recording.folder))
        options = replace(options, resume=earlier)
    with keeping(config.recording, options.record) as (kept, remarks), open_outputs(events, plain=plain) as outputs:
        screen = outputs.screen
        log_between_lines(log_level.value, screen.interject)
        for remark in remarks:
            screen.say(remark)
        if options.resume is not None:
            screen.say(f"Going on with the conversation {earlier.name}.")
        allow_restarts()
        approvals = Approvals(screen.insist)
        file: list[Observer] = [outputs.events] if outputs.events else []
        options = replace(
            options,
            config=config,
            host=ToolPlace.PROCESS,
            observers=[screen, *file, approvals],
            on_compile=(compiling := Compiling(screen)),
        )
        introduce(screen, config, options)
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
