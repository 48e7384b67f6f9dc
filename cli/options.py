"""Options that several commands share, and those of `voice run` as one value."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from engine.realtime.connection.retry_policy import MAX_OUTAGE_S
from engine.realtime.providers.turn_detection import TurnOptions

BACKEND_HELP = "sounddevice, pyaudio, virtual, another plugin, or auto (default)."
BackendOption = Annotated[str | None, typer.Option("--backend", help=BACKEND_HELP)]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


class LogLevel(StrEnum):
    """How much is logged to standard error."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What `voice run` was asked for."""

    backend: str | None = None
    provider: str | None = None
    url: str | None = None
    model: str | None = None
    input: str | None = None
    output: str | None = None
    input_file: Path | None = None
    output_file: Path | None = None
    voice: str | None = None
    instructions: str | None = None
    tools: tuple[str, ...] = ()
    output_rate_hz: int | None = None
    approve: tuple[str, ...] = ()
    volume_db: float = 0.0
    mic_gain_db: float = 0.0
    block_ms: float | None = None
    turns: TurnOptions = field(default_factory=TurnOptions)
    text: bool = False
    mute: bool = False
    idle_timeout_s: float | None = None
    duration_s: float | None = None
    max_outage_s: float = MAX_OUTAGE_S
    budget: float | None = None
    record: Path | None = None
    events: str | None = None
    log_level: LogLevel = LogLevel.WARNING
