"""`voice run`: talk with an agent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from inspect import Parameter, Signature
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from cli.completion import BACKENDS, MICROPHONES, PROVIDERS, SESSIONS, SPEAKERS
from cli.errors import SINGULAR
from cli.options import BACKEND_HELP, LanguageOption, LogLevel, ProfileOption
from engine.api.options import LIMITS, SessionOptions
from engine.config_tables import Eagerness, Echo, Interrupter, NoiseSuppression, TurnMode

app = typer.Typer(add_completion=False)
_HELP: dict[str, dict[str, tuple[str | None, str]]] = {
    "Agent": {
        "provider": ("NAME", "yandex, openai or local; default: the one whose key is set, else local."),
        "url": ("URL", "Address (ws:// or wss://) of a Realtime server."),
        "insecure": (None, "Allow unencrypted ws:// to another machine: anyone in between can listen."),
        "model": ("NAME", "Model; default: the provider's newest."),
        "voice": ("NAME", "The agent's voice."),
        "instructions": ("TEXT", "Instructions for the agent; @FILE reads a file."),
        "tools": ("NAME", "Functions the agent may call: MODULE:OBJECT, or a name from `voice tools`; repeatable."),
        "approve": ("NAME", "Remote MCP server that may be called without asking, or all; repeatable."),
    },
    "Sound": {
        "input": ("DEVICE", "Microphone: index, name, or words of its name."),
        "output": ("DEVICE", "Speaker: index, name, or words of its name."),
        "input_file": ("FILE", "Audio file to use instead of a microphone; - for raw PCM16 at 24 kHz on stdin."),
        "output_file": ("FILE", "WAV file to write the answers to, instead of a speaker."),
        "volume": ("DB", "Gain of the speaker in dB."),
        "mic_gain": ("DB", "Gain of the microphone in dB."),
        "mute": (None, "Start with the microphone muted."),
        "echo": (
            "HOW",
            "Echo cancellation: auto (default; off for headphones and headsets), on, off, or half-duplex: the "
            "microphone is muted while the agent speaks.",
        ),
        "noise_suppression": ("HOW", "off, low, medium or high; default: low where echo is cancelled."),
        "agc": (None, "Even out quiet and loud voices."),
        "processors": (
            "NAME",
            "Processing step for the microphone, such as gain:gain_db=6 or noise_gate; repeatable, in order.",
        ),
        "quiet_others": (None, "Turn other programs down while the agent speaks (PulseAudio, PipeWire)."),
        "backend": ("NAME", BACKEND_HELP),
        "block_ms": ("MS", "Length of a device block in ms; default: 10 for a speaker, 20 for a microphone."),
        "output_rate": ("HZ", "Sample rate of the answers in Hz, if they sound too fast or too slow."),
    },
    "Turns": {
        "text": (
            None,
            "Type instead of speaking, at the terminal or as lines on standard input; no microphone is opened.",
        ),
        "turns": (
            "MODE",
            "What ends your turn: silence (server_vad), the sense of your words (semantic_vad), or you (none).",
        ),
        "eagerness": ("HOW", "How soon semantic_vad takes a pause as the end of your turn: low, medium, high or auto."),
        "vad_threshold": ("P", "How sure server_vad must be that you are speaking."),
        "vad_silence_ms": ("MS", "Silence in ms after which server_vad ends your turn."),
        "vad_padding_ms": ("MS", "Sound in ms from before your first word that server_vad includes."),
        "vad_idle_ms": ("MS", "Silence in ms after which the service speaks up by itself (server_vad)."),
        "barge_in": (
            "WHO",
            "Who notices that you interrupt: server, local, or both: local turns the agent down, the server stops it.",
        ),
        "duck_ms": (
            "MS",
            "Time in ms until the agent is at full volume again if no interruption is confirmed; default: 700.",
        ),
    },
    "Limits": {
        "duration": ("S", "End the session after this many seconds."),
        "idle_timeout": ("S", "End the session after this many seconds of silence on both sides."),
        "budget": ("AMOUNT", "End the session once it has cost this much, in the currency of the model's prices."),
        "max_outage_audio": ("S", "Seconds of your speech to keep while the connection is down."),
    },
    "Output and logs": {
        "resume": ("[SESSION]", "Continue a saved conversation: the last one, or the one with this name."),
        "record": ("FOLDER", "Record events and sound into this folder, for `voice replay`."),
        "events": ("FILE", "Write every event to this file as a line of JSON; - for standard output."),
        "plain": (None, "Print plain lines, as when standard output is not a terminal."),
        "log_level": ("LEVEL", "Level of the log on standard error: debug, info, warning or error."),
    },
}
"""Panels of the help: the value and the words of each option. Types, defaults and limits are those of the session."""
_KINDS: dict[str, Any] = {
    **{"Sequence": list[str], "Path": Path, "TurnMode": TurnMode, "Eagerness": Eagerness},
    **{"Echo": Echo, "NoiseSuppression": NoiseSuppression, "Interrupter": Interrupter},
    **{"bool": bool, "float": float, "int": int, "str": str},
}
"""Types by the word that names them in an annotation, the narrower first."""


_COMPLETERS = {"provider": PROVIDERS, "backend": BACKENDS, "input": MICROPHONES, "output": SPEAKERS, "resume": SESSIONS}


def _parameters() -> Iterator[Parameter]:
    """Return the options of the terminal and of the session as `typer` reads them."""
    kind: Any
    kinds: dict[str, tuple[Any, Any]] = {
        "events": (str, None),
        "log_level": (LogLevel, LogLevel.WARNING),
        "plain": (bool, False),
        "quiet_others": (bool, False),
    }
    for entry in fields(SessionOptions):
        kind = next((kind for word, kind in _KINDS.items() if word in str(entry.type)), None)
        kinds[entry.name] = kind, entry.default or None if kind == list[str] else entry.default
    yield Parameter("profile", Parameter.KEYWORD_ONLY, default=None, annotation=ProfileOption)
    yield Parameter("lang", Parameter.KEYWORD_ONLY, default=None, annotation=LanguageOption)
    for panel, options in _HELP.items():
        for name, (value, words) in options.items():
            kind, default = kinds[name]
            least, most = LIMITS.get(name, (None, None))
            only = (
                [f"--{name.replace('_', '-')}"]
                if default is False
                else [f"--{SINGULAR[name]}"]
                if name in SINGULAR
                else []
            )
            names: dict[str, Any] = {"autocompletion": _COMPLETERS[name]} if name in _COMPLETERS else {}
            option = typer.Option(*only, help=words, metavar=value, rich_help_panel=panel, min=least, max=most, **names)
            hint: Any = Annotated[kind if default is not None else kind | None, option]
            yield Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=hint)


def run(
    *,
    profile: str | None,
    lang: str | None,
    events: str | None,
    log_level: LogLevel,
    plain: bool,
    quiet_others: bool,
    **given: Any,
) -> None:
    """Talk with an agent. Ctrl+C ends the conversation.

    At a terminal, what you type is sent with Enter, Esc silences the
    agent, Tab mutes and unmutes the microphone, and F1 lists the rest.
    With --turns none, hold Space while you talk; on terminals that do not
    report key releases, tap it before and after your words.

    Without a sound card, an input file and a service, you get a
    demonstration with the embedded agent.
    """
    options = SessionOptions(**{name: value for name, value in given.items() if value is not None})
    from cli.run.start import run_session  # noqa: PLC0415 - `--help` needs none of it

    run_session(options, events, log_level, plain=plain, quiets_others=quiet_others)


run.__signature__ = Signature(list(_parameters()))  # type: ignore[attr-defined]
run.__annotations__ = {parameter.name: parameter.annotation for parameter in _parameters()}


class _Run(TyperCommand):
    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        """Read `--resume` without a name as that of the last conversation."""
        for place in [place for place, word in enumerate(args) if word == "--resume"][::-1]:
            if args[place + 1 : place + 2] == [] or args[place + 1].startswith("-"):
                args.insert(place + 1, "last")
        return super().parse_args(ctx, args)


app.command(cls=_Run)(run)
