"""The configuration of turns, over which the parameters of a session win.

[turns]
mode = "semantic_vad"             # or "server_vad", "none"
eagerness = "low"                 # of semantic_vad
silence_duration_ms = 600         # of server_vad, as threshold, prefix_padding_ms and idle_timeout_ms
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.config import config_path
from engine.realtime.providers.turn_detection import Eagerness, TurnMode, TurnOptions
from engine.realtime.tools.config import not_valid


class _Turns(BaseModel):
    """`[turns]`: the fields of `TurnOptions`, and what they may be."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    mode: TurnMode | None = None
    eagerness: Eagerness | None = None
    threshold: float | None = Field(default=None, ge=0, le=1)
    silence_duration_ms: int | None = Field(default=None, ge=0, le=10_000)
    prefix_padding_ms: int | None = Field(default=None, ge=0, le=5000)
    idle_timeout_ms: int | None = Field(default=None, ge=1000)


def configured_turns(table: Any, options: TurnOptions) -> TurnOptions:
    """Return the options, and where they say nothing, the configuration.

    Args:
        table: `turns` as it stands there.
        options: Those of the session. Where they name another way, the configured settings are not of it.

    Raises:
        InvalidInputError: a key is unknown, or a value does not fit.

    Example:
        >>> configured_turns({"silence_duration_ms": 600}, TurnOptions(threshold=0.7))
        TurnOptions(mode=None, eagerness=None, threshold=0.7, silence_duration_ms=600, ...)
    """
    try:
        configured = _Turns.model_validate(table)
    except ValidationError as error:
        raise not_valid(error, config_path(), "turns") from None
    if options.mode not in (None, configured.mode):
        return options
    return replace(options, **{name: value for name, value in configured if getattr(options, name) is None})
