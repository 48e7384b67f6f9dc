"""Options that several commands share."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Annotated

import typer

from cli.completion import BACKENDS, MICROPHONES, PROFILES, SPEAKERS
from cli.help import say_help
from cli.language.choice import LANGUAGE_VARIABLE, Language, speak_as_wanted

BACKEND_HELP = "sounddevice, pyaudio, virtual, another plugin, or auto (default)."
MicrophoneOption = Annotated[
    str | None,
    typer.Option(
        "--input", metavar="DEVICE", help="Microphone: index, name, or words of its name.", autocompletion=MICROPHONES
    ),
]
SpeakerOption = Annotated[
    str | None,
    typer.Option(
        "--output", metavar="DEVICE", help="Speaker: index, name, or words of its name.", autocompletion=SPEAKERS
    ),
]
BackendOption = Annotated[
    str | None, typer.Option("--backend", metavar="NAME", help=BACKEND_HELP, autocompletion=BACKENDS)
]
PROFILE_HELP = "Use this profile of the configuration file; also VOICE_PROFILE."


def _use_profile(name: str | None) -> str | None:
    if name is not None:
        os.environ["VOICE_PROFILE"] = name
        speak_as_wanted()
    return name


def use_language(context: typer.Context, language: Language | None) -> Language | None:
    """Speak the language of an option from here on."""
    if language is not None:
        os.environ[LANGUAGE_VARIABLE] = language
        speak_as_wanted()
        say_help(context.command)
    return language


ProfileOption = Annotated[
    str | None,
    typer.Option("--profile", metavar="NAME", callback=_use_profile, help=PROFILE_HELP, autocompletion=PROFILES),
]
LANGUAGE_HELP = "Language of the texts: en or ru; default: the system's; also VOICE_LANG."
LanguageOption = Annotated[
    Language | None,
    typer.Option("--lang", metavar="CODE", callback=use_language, is_eager=True, help=LANGUAGE_HELP),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


class LogLevel(StrEnum):
    """Level of the log on standard error."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
