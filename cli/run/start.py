"""Start of `voice run`: chooses a backend and a provider, says which and why, and holds the conversation."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from cli.options import RunOptions
from cli.run.event_file import EventFile
from cli.run.lifecycle import SessionPlan, converse
from cli.run.piped_input import say_lines
from cli.terminal.keyboard import has_keyboard
from cli.terminal.logs import log_to_stderr
from cli.view.screen import Screen
from engine.audio.device.blame import close_backend
from engine.audio.device.exclusive import allow_restarts
from engine.audio.device.protocol import Backend
from engine.audio.device.registry import load_backend, open_backend
from engine.audio.types import StreamRequest
from engine.config import AudioDefaults, load_config
from engine.errors import InvalidInputError, NoDeviceError
from engine.realtime.cost.prices import Prices, configured_prices
from engine.realtime.cost.usage import UsageMeter
from engine.realtime.providers.choose import LOCAL, ChosenProvider, choose_provider
from engine.realtime.providers.session_update import SessionSettings
from engine.realtime.providers.turn_config import configured_turns
from engine.realtime.session import Observer
from engine.realtime.sound.rate_check import OutputRateWatch
from engine.realtime.tools.config import read_tool_config
from engine.realtime.tools.offered import offered_tools


def run_session(options: RunOptions) -> None:
    """Hold the conversation that the options describe.

    Raises:
        VoiceError: what prevented or ended it.
    """
    screen = Screen(sys.stderr if options.events == "-" else sys.stdout)
    log_to_stderr(options.log_level.value, screen.status)
    lines_are_piped = options.text and not has_keyboard()
    if options.text and options.input_file is not None:
        raise InvalidInputError("--text and --input-file exclude each other.", fix="Leave one of them out.")
    config = load_config()
    chosen = choose_provider(options.provider, options.url, os.environ, config, options.model)
    chosen = chosen.with_output_rate(options.output_rate_hz)
    settings = SessionSettings(
        voice=options.voice,
        instructions=_read_instructions(options.instructions),
        turns=configured_turns(config.parts.get("turns", {}), options.turns),
        listens=not options.text,
        idle_timeout_s=options.idle_timeout_s,
    )
    # What is not possible is said before anything is opened.
    by_key = settings.turn_detection(chosen.provider).by_client and settings.listens
    if by_key and not (has_keyboard() and screen.status.is_terminal):
        raise InvalidInputError(
            "Push-to-talk needs a terminal for its key.", fix="Leave --turns none out, or write with --text."
        )
    tool_config = read_tool_config(config, os.environ)
    if chosen.provider.runs_mcp:
        settings = replace(settings, remote_mcp=tool_config.remote_mcp)
        chosen = replace(chosen, other_secrets=tuple(tool_config.secrets))
    offered = offered_tools(chosen.provider, tool_config.tools, options.tools)
    prices = configured_prices(config.parts.get("prices", {}))
    with contextlib.ExitStack() as stack:
        observers: list[Observer] = [screen]
        if options.events:
            observers.append(stack.enter_context(EventFile(options.events)))
        allow_restarts()
        backend = _choose_backend(options, config.audio, screen)
        if backend is None:
            from cli.run.demo import hold_demonstration  # noqa: PLC0415 - loads a synthesiser, and is rarely needed

            local = choose_provider(LOCAL.name, None, {}, config)
            hold_demonstration(local, _meter(local, prices, options, observers), options, screen, observers)
            return
        stack.callback(close_backend, backend)
        screen.say(f"Provider {chosen.provider.name}: {chosen.reason}")
        for lack in offered.lacks:
            screen.say(f"Note: {lack}")
        if tool_config.remote_mcp and not settings.remote_mcp:
            screen.say(f"Note: {chosen.provider.title} calls no MCP servers: those of [remote_mcp] are not offered.")
        meter = _meter(chosen, prices, options, observers)
        plan = SessionPlan(
            chosen=chosen,
            backend=backend,
            request=_stream_request(options, config.audio, backend),
            settings=settings,
            tools=offered.tools,
            options=options,
            tool_config=tool_config,
            until_input_ends=options.input_file is not None or lines_are_piped,
            guide=say_lines if lines_are_piped else None,
            meter=meter,
        )
        rate_watch = OutputRateWatch(chosen.provider.output_rate_hz, observers)
        # The meter first: its last word comes before the summary.
        asyncio.run(converse(plan, screen, [meter, rate_watch, *observers]))


def _meter(
    chosen: ChosenProvider, prices: Mapping[str, Prices], options: RunOptions, observers: Sequence[Observer]
) -> UsageMeter:
    """What counts the session's usage and keeps the budget.

    Raises:
        InvalidInputError: a budget for a model without prices.
    """
    return UsageMeter(
        chosen.model,
        chosen.provider.transcription_model,
        prices,
        output_rate_hz=chosen.provider.output_rate_hz,
        budget=options.budget,
        observers=observers,
    )


def _choose_backend(options: RunOptions, defaults: AudioDefaults, screen: Screen) -> Backend | None:
    """Return the backend, or None where there is neither a sound card nor a file to speak.

    Raises:
        NoDeviceError: a device was named, and there is no sound card.
        VoiceError: the named backend does not work.
    """
    names_file = options.input_file is not None or options.output_file is not None
    name = options.backend or ("auto" if names_file else defaults.backend) or "auto"
    if name == "auto" and names_file:
        screen.say("Backend virtual: a file was named.")
        return load_backend("virtual")
    found = open_backend(name)
    if name == "auto" and found.backend.name == "virtual":
        if options.input is not None or options.output is not None:
            close_backend(found.backend)
            raise NoDeviceError(
                f"There is no sound card here ({found.reason}).", fix="Plug one in; `voice doctor` looks closer."
            )
        if not options.text:
            screen.say(f"There is no sound card here ({found.reason}).")
            return None
    screen.say(f"Backend {found.backend.name}: {found.reason}.")
    return found.backend


def _stream_request(options: RunOptions, defaults: AudioDefaults, backend: Backend) -> StreamRequest:
    """What is asked of the backend; the configured devices count only where no file takes their place."""
    has_devices = backend.name != "virtual"
    return StreamRequest(
        input=defaults.input if options.input is None and has_devices else options.input,
        output=defaults.output if options.output is None and has_devices else options.output,
        input_file=options.input_file,
        output_file=options.output_file,
        block_ms=options.block_ms,
    )


def _read_instructions(text: str | None) -> str | None:
    """The instructions themselves, or those of the file that `@FILE` names."""
    if text is None or not text.startswith("@"):
        return text
    try:
        return Path(text[1:]).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InvalidInputError(
            f"The instructions {text[1:]} cannot be read: {reason}.",
            fix="After the @ of --instructions stands the path of a text in UTF-8.",
        ) from None
