"""What ALSA, JACK and PortAudio print never reaches the terminal, with a sound server, without, and when it dies."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.soundcard import SoundCard
from tests.support.voice_process import VOICE, VoiceProcess

pytestmark = pytest.mark.soundcard

BACKENDS = ["sounddevice", "pyaudio"]
RUN = "run --backend {} --provider local --duration 0.5"
LOOKS = ["backends", "doctor", *(f"devices --backend {backend}" for backend in BACKENDS)]

BEGUN = r"""Backend {backend}: chosen by name\.
Provider local: chosen by name\.
"""
HELD = rf"""{BEGUN}Microphone: default \(ALSA\), 48000 Hz, 1 channel, latency \d+ ms\.
Speaker: default \(ALSA\), 48000 Hz, 2 channels, latency \d+ ms\.
Session sess_\w+ \(local, voice-local\)\.
Speak\. Ctrl\+C ends the conversation\.
End \(duration\): 0 turns in \d\.\d s, \d+ xruns, microphone to wire (\d+(\.\d)? ms|-)\.
"""
REFUSED = rf"""{BEGUN}voice: This system has no input device\.
  Plug one in, or start the sound server\. `--backend virtual` with --input-file needs none\.
"""
"""All that a run says: with a card, and without one."""


def is_all_of(expected: str, run: subprocess.CompletedProcess[str], backend: str) -> bool:
    """Whether standard error holds these sentences and nothing else."""
    return re.fullmatch(expected.replace("{backend}", backend), run.stderr) is not None


def voice(environment: dict[str, str], command: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [VOICE, *command.split()], env=environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_run_with_a_sound_server_says_its_own_sentences_only(soundcard: SoundCard, backend: str) -> None:
    run = voice(soundcard.environment, RUN.format(backend))
    assert run.returncode == 0
    assert is_all_of(HELD, run, backend), run.stderr


def test_backends_are_listed_without_a_word_beside(soundcard: SoundCard) -> None:
    """`devices` and `doctor` are looked at in tests/soundcard/test_devices.py."""
    run = voice(soundcard.environment, "backends")
    assert (run.returncode, run.stderr) == (0, "")


@pytest.fixture
def no_card(tmp_path: Path) -> dict[str, str]:
    """An environment that no sound server answers in."""
    return {**os.environ, "PULSE_SERVER": f"unix:{tmp_path}/none", "XDG_RUNTIME_DIR": str(tmp_path)}


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_run_without_one_says_why_and_nothing_else(no_card: dict[str, str], backend: str) -> None:
    run = voice(no_card, RUN.format(backend))
    if run.returncode == 0:
        pytest.skip("this machine has a card of its own")
    assert run.returncode == 5
    assert is_all_of(REFUSED, run, backend), run.stderr


@pytest.mark.parametrize("command", LOOKS)
def test_looking_without_one_is_silent_and_an_empty_list_is_no_failure(no_card: dict[str, str], command: str) -> None:
    run = voice(no_card, command)
    assert run.stderr == ""
    assert run.returncode == 0 or command == "doctor"


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
