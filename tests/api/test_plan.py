"""Plan of a session: what the configuration gives, and what is said of names that no list holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.api.options import SessionOptions
from engine.api.plan import SessionPlan
from engine.config import Config, Keys, check_config
from engine.config_errors import Source
from engine.config_tables import Interrupter
from engine.errors import InvalidInputError
from engine.redaction import Secret

KEYS = Keys(openai_api_key=Secret("sk-none"))


def configured() -> Config:
    """A configuration with a session of its own."""
    table = {"provider": "openai", "model": "gpt-realtime-2", "voice": "cedar", "instructions": "Be brief."}
    document = {"session": {**table, "budget": 0.5}, "keys": {"openai_api_key": "sk-none"}}
    return check_config(document, Source(Path("config.toml")))


def test_the_configuration_names_what_the_options_do_not() -> None:
    plan = SessionPlan(SessionOptions(config=configured()))
    assert (plan.chosen.provider.name, plan.chosen.model) == ("openai", "gpt-realtime-2")
    assert (plan.settings.voice, plan.settings.instructions, plan.budget) == ("cedar", "Be brief.", 0.5)
    named = SessionOptions(config=configured(), model="gpt-realtime-1.5", voice="ash", instructions="Sing.", budget=2)
    plan = SessionPlan(named)
    assert (plan.chosen.model, plan.settings.voice, plan.settings.instructions) == ("gpt-realtime-1.5", "ash", "Sing.")
    assert plan.budget == 2


def test_model_and_voice_of_the_configuration_are_those_of_its_provider() -> None:
    plan = SessionPlan(SessionOptions(config=configured(), provider="local"))
    assert (plan.chosen.model, plan.settings.voice) == ("voice-local", None)


def test_interruptions_are_those_of_the_options_else_of_the_configuration_else_both() -> None:
    configured = check_config({"session": {"barge_in": "local", "duck_ms": 0}}, Source(Path("config.toml")))
    for options, expected in (
        (SessionOptions(provider="local", config=Config()), (Interrupter.BOTH, 700)),
        (SessionOptions(provider="local", config=configured), (Interrupter.LOCAL, 0)),
        (SessionOptions(provider="local", config=configured, barge_in="server", duck_ms=90), (Interrupter.SERVER, 90)),
    ):
        settings = SessionPlan(options).settings
        assert (settings.barge_in, settings.duck_ms) == expected
    for wrong in ({"barge_in": "nobody"}, {"duck_ms": -1}, {"duck_ms": 0.5}):
        with pytest.raises(InvalidInputError, match=next(iter(wrong))):
            check_config({"session": wrong}, Source(Path("config.toml")))


def test_the_local_agent_says_that_it_has_no_other_voice() -> None:
    (lack,) = SessionPlan(SessionOptions(provider="local", voice="nosuch", config=Config())).lacks
    assert lack.startswith("No voice of the embedded server on this machine is known here by the name 'nosuch'")
    assert not SessionPlan(SessionOptions(provider="local", voice="espeak", config=Config())).lacks


def test_a_budget_of_the_configuration_is_checked() -> None:
    with pytest.raises(InvalidInputError, match="amount"):
        check_config({"session": {"budget": -1}}, Source(Path("config.toml")))


@pytest.mark.parametrize(("option", "known"), [("voice", "marin, cedar"), ("model", "gpt-realtime-2.1, ")])
def test_a_name_that_no_list_holds_is_told_with_those_that_are_known(option: str, known: str) -> None:
    config = Config(keys=KEYS)
    (told,) = SessionPlan(SessionOptions(config=config, provider="openai", **{option: "nosuch"})).lacks  # type: ignore[arg-type]
    assert "'nosuch'" in told
    assert known in told
    assert not SessionPlan(SessionOptions(config=config, provider="openai", voice="cedar")).lacks


def test_instructions_in_the_folder_of_nobody_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="~no-such-user/x cannot be read: there is no such user"):
        SessionPlan(SessionOptions(config=Config(), provider="local", instructions="@~no-such-user/x"))


@pytest.mark.parametrize("name", ["missing.wav", 300 * "x", "a\0b"])
def test_an_audio_file_that_is_not_there_is_refused_in_a_sentence(name: str) -> None:
    with pytest.raises(InvalidInputError, match=r"audio file .*Name another with `input_file=`"):
        SessionPlan(SessionOptions(input_file=name, provider="local"))
