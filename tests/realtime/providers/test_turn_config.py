"""`[turns]` in the configuration: what it says counts where the command line says nothing."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from engine.errors import InvalidInputError
from engine.realtime.providers.turn_config import _Turns, configured_turns
from engine.realtime.providers.turn_detection import Eagerness, TurnMode, TurnOptions

SEMANTIC = {"mode": "semantic_vad", "eagerness": "low"}


def test_it_has_what_the_options_have() -> None:
    assert list(_Turns.model_fields) == [entry.name for entry in fields(TurnOptions)]


@pytest.mark.parametrize(
    ("table", "options", "wanted"),
    [
        ({}, TurnOptions(), TurnOptions()),
        (SEMANTIC, TurnOptions(), TurnOptions(TurnMode.SEMANTIC_VAD, Eagerness.LOW)),
        (
            SEMANTIC,
            TurnOptions(TurnMode.SEMANTIC_VAD, Eagerness.HIGH),
            TurnOptions(TurnMode.SEMANTIC_VAD, Eagerness.HIGH),
        ),
        (SEMANTIC, TurnOptions(TurnMode.NONE), TurnOptions(TurnMode.NONE)),
        ({"threshold": 0.3}, TurnOptions(silence_duration_ms=0), TurnOptions(threshold=0.3, silence_duration_ms=0)),
    ],
)
def test_the_command_line_wins(table: dict[str, Any], options: TurnOptions, wanted: TurnOptions) -> None:
    assert configured_turns(table, options) == wanted


@pytest.mark.parametrize(
    ("table", "place"),
    [
        ({"mode": "psychic"}, "turns.mode"),
        ({"threshold": 2}, "turns.threshold"),
        ({"silence_duration_ms": "long"}, "turns.silence_duration_ms"),
        ({"silence_ms": 400}, "turns.silence_ms"),
        (7, "'turns'"),
    ],
)
def test_what_is_wrong_is_named(table: Any, place: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        configured_turns(table, TurnOptions())
    assert place in caught.value.message
    assert "config.toml" in caught.value.fix
