"""Options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

BACKEND_HELP = "sounddevice, pyaudio, virtual, another plugin, or auto (default)."
BackendOption = Annotated[str | None, typer.Option("--backend", help=BACKEND_HELP)]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


class LogLevel(StrEnum):
    """Level of the log on standard error."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
