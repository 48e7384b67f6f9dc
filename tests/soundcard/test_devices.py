"""Devices and errors of both native backends on the virtual sound card, through the command line."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.support.soundcard import SoundCard
from tests.support.voice_process import VOICE

pytestmark = pytest.mark.soundcard

BACKENDS = ["sounddevice", "pyaudio"]


def voice(card: SoundCard, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [VOICE, *arguments], env=card.environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("backend", BACKENDS)
def test_devices_are_listed_with_their_defaults_and_nothing_else_is_printed(soundcard: SoundCard, backend: str) -> None:
    run = voice(soundcard, "devices", "--backend", backend, "--json")
    assert run.returncode == 0
    assert run.stderr == ""
    devices = json.loads(run.stdout)
    names = [device["name"] for device in devices]
    assert {"vspk", "vmic", "default"} <= set(names)
    (default,) = [device for device in devices if device["is_default_input"]]
    assert default["native_rate_hz"] > 0
    table = voice(soundcard, "devices", "--backend", backend)
    assert "vspk" in table.stdout
    assert table.stderr == ""


def test_configured_devices_are_marked_and_one_that_is_gone_is_said(soundcard: SoundCard, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    environment = {**soundcard.environment, "VOICE_CONFIG": str(config)}

    def listed(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [VOICE, "devices", *arguments], env=environment, capture_output=True, text=True, timeout=120, check=False
        )

    config.write_text('[audio]\ninput = "vmic, ALSA"\noutput = "vspk, ALSA"\n')
    devices = {device["name"]: device for device in json.loads(listed("--json").stdout)}
    assert [name for name, device in devices.items() if device["is_chosen_input"]] == ["vmic"]
    assert [name for name, device in devices.items() if device["is_chosen_output"]] == ["vspk"]
    lines = listed().stdout.splitlines()
    microphones = lines[: lines.index("Speakers")]
    assert [line.split()[1] for line in microphones if line.rstrip().endswith("chosen")] == ["vmic"]
    assert [line.split()[1] for line in lines[len(microphones) :] if line.rstrip().endswith("chosen")] == ["vspk"]
    config.write_text('[audio]\ninput = "Webcam, ALSA"\n')
    table = listed()
    assert "Configured microphone: no input device matches 'Webcam, ALSA'." in table.stderr
    assert "voice devices pick" in table.stderr
    assert "chosen" not in table.stdout
    run = listed("--json")
    assert json.loads(run.stdout)
    assert "'Webcam, ALSA'" in run.stderr


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_probe_tells_at_which_rates_each_side_opens(soundcard: SoundCard, backend: str) -> None:
    run = voice(soundcard, "devices", "--backend", backend, "--probe", "--json")
    assert run.returncode == 0
    assert run.stderr == ""
    opens_at = {device["name"]: device["opens_at"] for device in json.loads(run.stdout)}
    assert {8000, 16000, 44100, 48000} <= set(opens_at["vmic"]["input"]["rates_hz"])
    assert {8000, 16000, 44100, 48000} <= set(opens_at["vspk"]["output"]["rates_hz"])
    # A device of the sound server opens through the plugin that leads to it.
    assert {8000, 16000, 44100, 48000} <= set(opens_at["Null Output"]["output"]["rates_hz"])
    # ALSA's plugin says that a microphone can play; the sound server knows better.
    assert opens_at["vmic"]["output"]["rates_hz"] == []
    assert "cannot be opened" in opens_at["vmic"]["output"]["trouble"]


@pytest.mark.parametrize("backend", ["auto", *BACKENDS])
def test_without_a_card_there_is_nothing_to_probe(own_soundcard: SoundCard, backend: str) -> None:
    own_soundcard.end_server()
    run = voice(own_soundcard, "devices", "--probe", "--backend", backend)
    assert run.returncode == 5, run.stderr
    assert "voice doctor" in run.stderr


def test_options_of_the_list_are_not_lost_on_a_command_of_the_group(soundcard: SoundCard) -> None:
    run = voice(soundcard, "devices", "--backend", "pyaudio", "test")
    assert run.returncode == 2
    assert "voice devices test" in run.stderr


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_device_that_is_not_there_is_said_with_its_own_code(soundcard: SoundCard, backend: str) -> None:
    run = voice(soundcard, "run", "--backend", backend, "--provider", "local", "--output", "bluetooth")
    assert run.returncode == 6
    assert "No output device matches 'bluetooth'" in run.stderr
    assert "voice devices" in run.stderr


@pytest.mark.parametrize("backend", BACKENDS)
def test_named_devices_are_opened(soundcard: SoundCard, backend: str) -> None:
    run = voice(
        soundcard,
        *("run", "--backend", backend, "--provider", "local", "--duration", "0.5"),
        *("--input", "vmic", "--output", "vspk"),
    )
    assert run.returncode == 0, run.stderr
    assert "Microphone: vmic" in run.stderr
    assert "Speaker: vspk" in run.stderr


def test_auto_takes_sounddevice_and_says_so(soundcard: SoundCard) -> None:
    run = voice(soundcard, "run", "--provider", "local", "--duration", "0.5")
    assert run.returncode == 0, run.stderr
    assert "Backend sounddevice" in run.stderr


def test_the_doctor_finds_this_machine_well(soundcard: SoundCard) -> None:
    run = voice(soundcard, "doctor", "--json")
    findings = {finding["subject"]: finding for finding in json.loads(run.stdout)}
    assert run.returncode == 0, run.stdout
    assert findings["backend sounddevice"]["verdict"] == "ok"
    assert findings["backend pyaudio"]["verdict"] == "ok"
    assert run.stderr == ""
