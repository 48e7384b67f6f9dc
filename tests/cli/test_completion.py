"""Words that the shell completes: commands, options, and the names that this machine has."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.run.test_virtual import environment
from tests.support.voice_process import VOICE

__all__ = ["environment"]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["conf"], {"config"}),
        (["run", "--noise"], {"--noise-suppression"}),
        (["run", "--echo", "h"], {"half-duplex"}),
        (["run", "--provider", ""], {"yandex", "openai", "local", "custom"}),
        (["devices", "--backend", "vir"], {"virtual"}),
        (["devices", "test", "--input", "v"], {"virtual,\\ files"}),
        (["--profile", ""], {"kitchen", "my\\ room"}),
        (["sessions", "show", ""], {"last", "20261201-101500"}),
        (["run", "--resume", "2026"], {"20261201-101500"}),
    ],
)
def test_names_of_this_machine_are_completed(
    tmp_path: Path, environment: dict[str, str], words: list[str], offered: set[str]
) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[profiles.kitchen.audio]\n[profiles.'my room'.audio]\n")
    kept = tmp_path / "data" / "voice" / "conversations" / "20261201-101500"
    kept.mkdir(parents=True)
    (kept / "session.jsonl").write_text("")
    asked = {"_VOICE_COMPLETE": "complete_bash", "COMP_WORDS": " ".join(["voice", *words]), "COMP_CWORD": len(words)}
    shown = completed({**environment, "VOICE_CONFIG": str(config), "VOICE_BACKEND": "virtual"}, asked)
    assert set(shown.split("\n")) - {""} == offered


def test_a_broken_configuration_completes_nothing_and_says_nothing(tmp_path: Path, environment: dict[str, str]) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[audio\n")
    asked = {"_VOICE_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": "voice run --input "}
    assert "error" not in completed({**environment, "VOICE_CONFIG": str(config)}, asked).lower()


def completed(environment: dict[str, str], asked: Mapping[str, object]) -> str:
    """Return the words given to the shell; nothing may go to the terminal."""
    result = subprocess.run(
        [VOICE],
        env={**environment, **{name: str(value) for name, value in asked.items()}},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert not result.stderr
    return result.stdout
