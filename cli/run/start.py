"""Start of `voice run`: what can be said and refused before the engine is loaded, which takes most of a second."""

from __future__ import annotations

from dataclasses import replace

from cli.options import LogLevel
from cli.run.keeping import keeping
from cli.run.outputs import open_outputs
from cli.terminal.logs import log_between_lines
from cli.terminal.typed_ahead import TYPED_AHEAD
from cli.view.first_run import introduce
from engine.api.conversations import find_recording, kept_folder
from engine.api.options import SessionOptions
from engine.config import load_config
from engine.realtime.activity import Activity


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
        introduce(screen, config, options)
        screen.wait_for(Activity.CONNECTING)
        try:
            with TYPED_AHEAD.kept(hidden=screen.is_live):
                from cli.run.session import hold_session  # noqa: PLC0415 - brings numpy and aiohttp

                hold_session(replace(options, config=config), kept, outputs, quiets_others=quiets_others)
        finally:
            screen.wait_for("")
