"""`voice run --budget` and the price tables of the configuration, as a person uses them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.cli.run.test_virtual import environment, no_sound_card, question
from tests.support.voice_process import VOICE, VoiceProcess

__all__ = ["environment"]

PRICES = '[prices."voice-local"]\ncurrency = "RUB"\ntext_input = 0\ntext_output = 1000.0 # a token costs 0.001\n'


BY_TIME = f"{PRICES}audio_input_minute = 60 # the microphone costs 1 a second\n"


def configured(environment: dict[str, str], path: Path, text: str) -> dict[str, str]:
    """The environment with a configuration."""
    path.write_text(text, encoding="utf-8")
    return {**environment, "VOICE_CONFIG": str(path)}


@pytest.mark.parametrize(("prices", "responses"), [(PRICES, 1), (BY_TIME, 0)])
def test_the_budget_ends_the_session_in_order(
    tmp_path: Path, environment: dict[str, str], prices: str, responses: int
) -> None:
    """By time, the microphone alone uses it up before anything is said."""
    spoken = question(tmp_path / "in.wav", "what time is it")
    chosen = ("--backend", "virtual", "--provider", "local", "--budget", "0.001")
    files = ("--input-file", str(spoken), "--output-file", str(tmp_path / "out.wav"))
    with_prices = configured(environment, tmp_path / "config.toml", prices)
    with VoiceProcess(*chosen, *files, environment=with_prices) as voice:
        assert voice.wait() == 0
    assert voice.events[-1]["type"] == "summary"
    assert voice.events[-1]["reason"] == "budget"
    total = voice.events[-2]
    assert (total["type"], total["currency"], total["final"], total["budget"]) == ("usage", "RUB", True, 0.001)
    assert total["cost"] >= 0.001
    assert total["responses"] == responses
    assert f"{total['cost']:.4f} RUB of 0.001" in voice.shown


@no_sound_card
def test_it_ends_a_demonstration_too(tmp_path: Path, environment: dict[str, str]) -> None:
    with_prices = configured(environment, tmp_path / "config.toml", PRICES)
    with VoiceProcess("--budget", "0.001", environment=with_prices) as voice:
        assert voice.wait() == 0
    assert voice.events[-1]["reason"] == "budget"
    assert len(voice.of("transcript.user")) == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[prices."m"]\naudio_inptu = 1\n', "audio_inptu"),
        ('[prices."m"]\naudio_input = "1"\n', "must be a price"),
        ("[prices]\nm = 1\n", "'m' in [prices] must be a table"),
        ("", "No price is known for 'voice-local'"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, environment: dict[str, str], text: str, says: str) -> None:
    broken = configured(environment, tmp_path / "config.toml", text)
    command = [VOICE, "run", "--backend", "virtual", "--provider", "local", "--budget", "1"]
    run = subprocess.run(command, env=broken, capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 2
    assert says in run.stderr.replace("\n", " ")
