"""What ALSA, JACK and PortAudio print never reaches the terminal, with a sound server, without, and when it dies."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.soundcard import SoundCard
from tests.support.voice_process import VOICE, VoiceProcess

pytestmark = pytest.mark.soundcard

BACKENDS = ["sounddevice", "pyaudio"]
RUNS = [f"run --backend {backend} --provider local --duration 0.5" for backend in BACKENDS]
LOOKS = ["backends", "doctor", *(f"devices --backend {backend}" for backend in BACKENDS)]


OURS = (
    "Backend ",
    "Provider ",
    "Microphone: ",
    "Speaker: ",
    "Speak. ",
    "Session ",
    "Usage: ",
    "End (",
    "voice: ",
    "  ",
)
"""Beginnings of what `run` says of itself."""


def foreign(errors: str) -> list[str]:
    """Lines that are none of ours."""
    return [line for line in errors.splitlines() if not line.startswith(OURS)]


def voice(environment: dict[str, str], command: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [VOICE, *command.split()], env=environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("command", [*RUNS, "backends"])
def test_with_a_sound_server_standard_error_holds_our_own_lines_only(soundcard: SoundCard, command: str) -> None:
    """That of `devices` and `doctor` is looked at in tests/soundcard/test_devices.py."""
    run = voice(soundcard.environment, command)
    assert (run.returncode, foreign(run.stderr)) == (0, [])


@pytest.mark.parametrize("command", [*RUNS, *LOOKS])
def test_without_one_there_is_at_most_our_own_sentence(tmp_path: Path, command: str) -> None:
    environment = {**os.environ, "PULSE_SERVER": f"unix:{tmp_path}/none", "XDG_RUNTIME_DIR": str(tmp_path)}
    run = voice(environment, command)
    lines = run.stderr.splitlines()
    if command in LOOKS:
        assert not lines
    else:
        assert run.returncode in (0, 5)
        assert not foreign(run.stderr)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_server_that_dies_under_a_conversation_leaves_no_lines_of_portaudio(backend: str) -> None:
    card = SoundCard()
    card.start()
    try:
        with VoiceProcess("--backend", backend, "--provider", "local", environment=card.environment) as process:
            process.wait_for("session")
            card.stop()
            process.interrupt()
    finally:
        card.stop()
    assert "Expression" not in process.shown
    assert "ALSA lib" not in process.shown
