"""How turns are found: what each service offers, what is asked of it, and what is refused before anything starts."""

from __future__ import annotations

from typing import Any

import pytest

from engine.config import Config
from engine.config_tables import Eagerness, TurnMode, TurnOptions
from engine.errors import InvalidInputError
from engine.realtime.providers.choose import PROVIDERS, ChosenProvider, choose_provider
from engine.realtime.providers.session_update import SessionSettings

KEYS = {"YANDEX_CLOUD_API_KEY": "AQVN-test", "YANDEX_CLOUD_FOLDER_ID": "f", "OPENAI_API_KEY": "sk-test"}


def chosen(provider: str) -> ChosenProvider:
    """A provider at an address of its own."""
    return choose_provider(provider, "ws://127.0.0.1:1/", KEYS, Config())


def asked(provider: str, options: TurnOptions) -> Any:
    """The `turn_detection` of the session.update."""
    return SessionSettings(turns=options).to_json(chosen(provider))["audio"]["input"]["turn_detection"]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_silence_ends_turns_where_nothing_else_is_wanted(provider: str) -> None:
    assert asked(provider, TurnOptions()) == {"type": "server_vad", "threshold": 0.5, "silence_duration_ms": 400}


def test_the_servers_vad_is_tuned_and_keeps_what_is_not_named() -> None:
    options = TurnOptions(threshold=0.7, prefix_padding_ms=200, idle_timeout_ms=8000)
    wanted = {"threshold": 0.7, "silence_duration_ms": 400, "prefix_padding_ms": 200, "idle_timeout_ms": 8000}
    assert asked("openai", options) == {"type": "server_vad", **wanted}


@pytest.mark.parametrize("eagerness", [None, *Eagerness])
def test_semantic_vad_carries_its_eagerness_and_no_threshold(eagerness: Eagerness | None) -> None:
    options = TurnOptions(TurnMode.SEMANTIC_VAD, eagerness)
    assert asked("openai", options) == {"type": "semantic_vad"} | ({"eagerness": str(eagerness)} if eagerness else {})


def test_push_to_talk_turns_the_servers_detection_off() -> None:
    session = SessionSettings(turns=TurnOptions(TurnMode.NONE)).to_json(chosen("local"))
    assert "turn_detection" in session["audio"]["input"]
    assert session["audio"]["input"]["turn_detection"] is None


@pytest.mark.parametrize(
    ("provider", "options", "words"),
    [
        ("yandex", TurnOptions(TurnMode.SEMANTIC_VAD), "Yandex AI Studio does not offer turns by 'semantic_vad'"),
        ("yandex", TurnOptions(TurnMode.NONE), "Choose server_vad with `turns=`"),
        ("yandex", TurnOptions(prefix_padding_ms=100), "prefix_padding_ms cannot be set"),
        ("yandex", TurnOptions(idle_timeout_ms=9000), "idle_timeout_ms cannot be set"),
        ("openai", TurnOptions(eagerness=Eagerness.LOW), 'Add `turns="semantic_vad"`'),
        ("openai", TurnOptions(TurnMode.NONE, threshold=0.3), "'none' has no threshold"),
        ("openai", TurnOptions(TurnMode.SEMANTIC_VAD, silence_duration_ms=3), "has no silence_duration_ms"),
    ],
)
def test_what_a_service_does_not_offer_is_said_with_the_fix(provider: str, options: TurnOptions, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        asked(provider, options)
