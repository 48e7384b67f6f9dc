"""`[turns]` in the configuration: what it says counts where the session's options say nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.config import check_config
from engine.config_errors import Source
from engine.config_tables import Eagerness, TurnMode, TurnOptions
from engine.errors import InvalidInputError

SEMANTIC = {"mode": "semantic_vad", "eagerness": "low"}
PATH = Path("config.toml")


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
def test_the_options_win(table: dict[str, Any], options: TurnOptions, wanted: TurnOptions) -> None:
    assert options.over(check_config({"turns": table}, Source(PATH)).turns) == wanted


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"mode": "psychic"}, "'mode' in [turns] must be one of 'server_vad', 'semantic_vad', 'none'"),
        ({"threshold": 2}, "'threshold' in [turns] must be a number from 0 to 1"),
        ({"silence_duration_ms": "long"}, "'silence_duration_ms' in [turns] must be a whole number from 0 to 10000"),
        ({"silence_ms": 400}, "unknown key 'silence_ms' in [turns]"),
        (7, "'turns' must be a table"),
    ],
)
def test_what_is_wrong_is_named(table: Any, says: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        check_config({"turns": table}, Source(PATH))
    assert says in caught.value.message
    assert "config.toml" in caught.value.message
    assert caught.value.fix
