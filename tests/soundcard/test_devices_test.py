"""`voice devices test` on the virtual card: what a cable, a muted microphone and a humming one give."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

import numpy as np
import pytest

from tests.support.echo_path import EchoPath, Room
from tests.support.soundcard import SoundCard
from tests.support.voice_process import VOICE

pytestmark = pytest.mark.soundcard

RATE_HZ = 48000


def run_test(card: SoundCard, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [VOICE, "devices", "test", *arguments],
        env=card.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def report_of(run: subprocess.CompletedProcess[str]) -> tuple[dict[str, Any], set[str]]:
    """The JSON report, and the troubles it names."""
    assert run.stderr == ""
    report: dict[str, Any] = json.loads(run.stdout)
    return report, {diagnosis["trouble"] for diagnosis in report["diagnoses"]}


@pytest.mark.parametrize("backend", ["sounddevice", "pyaudio"])
def test_a_cable_from_the_speaker_to_the_microphone_is_well(soundcard: SoundCard, backend: str) -> None:
    run = run_test(soundcard, "--backend", backend, "--input", "vspkmon", "--output", "vspk", "--json")
    assert run.returncode == 0, run.stderr
    report, troubles = report_of(run)
    assert not troubles
    assert report["backend"] == backend
    assert report["sweep_speed"] == 1.0
    assert report["peak_db"] == pytest.approx(-12, abs=0.5)
    assert report["band_limit_hz"] is None
    # A block of 10 ms each way at least; a server that wakes late adds to it.
    assert 15 < report["round_trip_ms"] < 500
    assert report["input"]["device"] == "vspkmon"
    assert report["echo_db"] == pytest.approx(0, abs=0.5)
    assert report["echo_removed_db"] >= 10


def test_a_muted_microphone_is_an_error_with_its_fix(soundcard: SoundCard) -> None:
    run = run_test(soundcard, "--input", "vmic", "--output", "vspk")
    assert run.returncode == 1
    assert "Microphone: vmic (ALSA), 48000 Hz, 1 channel" in run.stdout
    assert "exact zeros" in run.stdout
    assert "round trip" not in run.stdout
    assert "echo" not in run.stdout
    assert "Unmute" in run.stdout
    assert run.stderr == ""


def test_an_echo_is_told_with_its_level_and_what_the_processing_takes_of_it(soundcard: SoundCard) -> None:
    with EchoPath(soundcard, Room(delay_ms=80)):
        run = run_test(soundcard, "--input", "vmic", "--output", "vspk")
    found = re.search(r"echoes in the microphone at (-\d+) dB; echo cancellation takes (\d+) dB", run.stdout)
    assert found, run.stdout
    assert -9 <= int(found[1]) <= -3
    assert int(found[2]) >= 15


def test_hum_and_clipping_are_heard_through_the_card(soundcard: SoundCard) -> None:
    time_s = np.arange(20 * RATE_HZ) / RATE_HZ
    humming = 1.5 * np.sin(2 * np.pi * 50 * time_s) + 0.5 * np.sin(2 * np.pi * 150 * time_s)
    samples = (np.clip(humming, -1, 1) * 32767).astype(np.int16)
    playing = soundcard.play_to_microphone(samples, RATE_HZ)
    try:
        run = run_test(soundcard, "--input", "vmic", "--output", "vspk", "--json")
    finally:
        playing.terminate()
        playing.wait()
    report, troubles = report_of(run)
    assert troubles == {"hum", "clipping", "sweep not heard"}
    assert report["hum_hz"] == 50
    assert run.returncode == 0


def test_an_unknown_device_is_an_error_of_its_own(soundcard: SoundCard) -> None:
    run = run_test(soundcard, "--input", "no such thing")
    assert run.returncode == 6
    assert "voice devices" in run.stderr
