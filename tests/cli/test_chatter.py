"""What ALSA, JACK and PortAudio print never reaches the terminal, with a sound server, without, and when it dies."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.soundcard import SoundCard
from tests.support.voice_process import VOICE, VoiceProcess

pytestmark = pytest.mark.soundcard

COMMANDS = {
    "backends": ["backends"],
    "devices": ["devices", "--backend", "{}"],
    "doctor": ["doctor"],
    "run": ["run", "--backend", "{}", "--provider", "local", "--duration", "0.5"],
}
BACKENDS = ["sounddevice", "pyaudio"]


def voice(environment: dict[str, str], command: str, backend: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    arguments = [word.format(backend) for word in COMMANDS[command]]
    return subprocess.run(
        [VOICE, *arguments], env=environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("command", COMMANDS)
def test_with_a_sound_server_standard_error_stays_empty(soundcard: SoundCard, command: str, backend: str) -> None:
    run = voice(soundcard.environment, command, backend)
    assert (run.returncode, run.stderr) == (0, "")


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("command", COMMANDS)
def test_without_one_there_is_at_most_our_own_sentence(tmp_path: Path, command: str, backend: str) -> None:
    environment = {**os.environ, "PULSE_SERVER": f"unix:{tmp_path}/none", "XDG_RUNTIME_DIR": str(tmp_path)}
    run = voice(environment, command, backend)
    lines = run.stderr.splitlines()
    if command == "run":
        assert run.returncode in (0, 5)
        assert all(line.startswith(("voice: ", "  ")) for line in lines)
        assert len(lines) <= 2
    else:
        assert not lines


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
    assert "ALSA" not in process.shown
