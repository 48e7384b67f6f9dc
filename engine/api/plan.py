"""Plan of a session: what its options and the configuration come to, before anything is opened."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

from engine.api.options import SessionOptions, ToolPlace, path_of, wrong_kind
from engine.api.processing import Processing
from engine.config import Config, load_config
from engine.config_path import config_path
from engine.config_tables import Interrupter
from engine.errors import InvalidInputError
from engine.files import expanded, read_bounded
from engine.realtime.cost.usage import UsageMeter
from engine.realtime.providers.choose import choose_provider
from engine.realtime.providers.session_update import SessionSettings
from engine.realtime.recording.story import Story
from engine.realtime.recording.tap import require_new
from engine.realtime.sound.ducking import DUCK_MS
from engine.realtime.tools.host.wire import Order
from engine.realtime.tools.offered import offered_tools
from engine.redaction import secrets_of_environment

_LONGEST_INSTRUCTIONS_BYTES = 1 << 20


class SessionPlan:
    """Everything a session is made of, but for what has to be opened."""

    def __init__(self, options: SessionOptions) -> None:
        """Check the options and the configuration, and load the tools.

        Raises:
            VoiceError: what is wrong with them.
        """
        self.config = config = load_config() if options.config is None else options.config
        if not isinstance(config, Config):
            raise wrong_kind("config", config, "Give a `Config`.")
        if (folder := path_of(options.record)) is not None:
            require_new(folder)
        spoken = path_of(options.input_file)
        if spoken is not None and str(spoken) != "-":
            _require_there(spoken)
        chosen = choose_provider(options.provider, options.url, os.environ, config, options.model)
        chosen = replace(chosen.with_output_rate(options.output_rate), insecure=options.insecure)
        if options.connect is None:
            chosen.require_encryption()
        defaults = config.session
        is_default = options.provider is None and options.url is None and (defaults.provider or defaults.url)
        settings = SessionSettings(
            voice=options.voice or (defaults.voice if is_default else None),
            instructions=_read_instructions(options.instructions or defaults.instructions),
            turns=options.turn_options().over(config.turns),
            listens=not options.text,
            idle_timeout_s=options.idle_timeout,
            barge_in=Interrupter(options.barge_in or defaults.barge_in or Interrupter.BOTH),
            history=() if (earlier := path_of(options.resume)) is None else Story(earlier).history,
            duck_ms=next(ms for ms in (options.duck_ms, defaults.duck_ms, DUCK_MS) if ms is not None),
        )
        if chosen.provider.runs_mcp:
            settings = replace(settings, remote_mcp=config.remote_mcp)
        chosen = replace(chosen, other_secrets=(*secrets_of_environment(os.environ), *config.tool_secrets))
        self.chosen, self.settings = chosen, settings
        path = _path_of_tools(options, config) if options.host == ToolPlace.PROCESS else None
        offered = offered_tools(chosen.provider, config.tools, options.tools, path)
        limits = config.tools
        self.order = Order(offered.hosted, tuple(path or ()), limits.env, limits.nice, limits.memory_mb)
        """Order to the tool host."""
        self.asked = frozenset(name for name in options.tools if isinstance(name, str))
        """References in it that must not fail."""
        self.tools, self.lacks = offered.tools, offered.lacks
        """The lacks are sentences on what of the configuration is not offered."""
        for kind, name, known in (
            ("voice", settings.voice, chosen.provider.voices),
            ("model", options.model, chosen.provider.models),
        ):
            if name and known and name not in known and "://" not in name:
                text = (
                    f"No {kind} of {chosen.provider.title} is known here by the name {name!r}, only {', '.join(known)}."
                )
                self.lacks += (text,)
        if config.remote_mcp and not settings.remote_mcp:
            title = chosen.provider.subject
            self.lacks += (f"{title} calls no MCP servers: those of [remote_mcp] are not offered.",)
        self.by_key = settings.turn_detection(chosen.provider).by_client and settings.listens
        """Whether the program says when the user speaks."""
        self.processing = Processing(options, config.processing)
        self.budget = defaults.budget if options.budget is None else options.budget

    def meter(self) -> UsageMeter:
        """Return what counts the session's usage.

        Raises:
            InvalidInputError: a budget for a model without prices.
        """
        return UsageMeter(
            self.chosen.model,
            self.chosen.provider.transcription_model,
            self.config.prices,
            output_rate_hz=self.chosen.provider.output_rate_hz,
            budget=self.budget,
        )


def _require_there(file: Path) -> None:
    """Refuse an audio file that is not there.

    Raises:
        InvalidInputError: there is none, or nobody can tell.
    """
    fix = "Name another with `input_file=`."
    try:
        is_there = file.exists()
    except OSError as error:  # its name is too long, or a folder above it is another user's
        raise InvalidInputError(f"The audio file {file} cannot be read: {error.strerror}.", fix=fix) from None
    if not is_there:
        raise InvalidInputError(f"There is no audio file {file}.", fix=fix)


def _path_of_tools(options: SessionOptions, config: Config) -> list[str]:
    """Return the folders in which the tool host looks for modules.

    The current folder comes first where a module is asked for now, as with `python -m`. One that the configuration
    enables is looked for beside the configuration: the current folder may be anybody's.
    """
    wanted = ((config.tools.enabled, config_path().parent), (options.tools, Path.cwd()))
    folders = [str(folder) for names, folder in wanted if any(":" in name for name in names if isinstance(name, str))]
    return [*(folder for folder in folders if folder not in sys.path), *sys.path]


def _read_instructions(text: str | None) -> str | None:
    """The instructions themselves, or those of the file that `@FILE` names."""
    if text is None or not text.startswith("@"):
        return text
    try:
        return read_bounded(expanded(text[1:]), _LONGEST_INSTRUCTIONS_BYTES).strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InvalidInputError(
            f"The instructions {text[1:]} cannot be read: {reason}.",
            fix="Give the path of a UTF-8 text file after the @ of `instructions=`.",
        ) from None
