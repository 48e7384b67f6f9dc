"""Options that several commands share."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Annotated

import typer

from cli.completion import BACKENDS, MICROPHONES, PROFILES, SPEAKERS

BACKEND_HELP = "sounddevice, pyaudio, virtual, another plugin, or auto (default)."
MicrophoneOption = Annotated[
    str | None,
    typer.Option("--input", help="Microphone: index, name, or words of its name.", autocompletion=MICROPHONES),
]
SpeakerOption = Annotated[
    str | None, typer.Option("--output", help="Speaker: index, name, or words of its name.", autocompletion=SPEAKERS)
]
BackendOption = Annotated[str | None, typer.Option("--backend", help=BACKEND_HELP, autocompletion=BACKENDS)]
PROFILE_HELP = "Take the profile of this name from the configuration file; also VOICE_PROFILE."


def _use_profile(name: str | None) -> str | None:
    if name is not None:
        os.environ["VOICE_PROFILE"] = name
    return name


ProfileOption = Annotated[
    str | None,
    typer.Option("--profile", metavar="NAME", callback=_use_profile, help=PROFILE_HELP, autocompletion=PROFILES),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


class LogLevel(StrEnum):
    """Level of the log on standard error."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
