"""Conversations, devices and the doctor on the other sound servers of Linux: PipeWire and JACK."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import pytest

from tests.support.conversations import judge_a_question, judge_an_interruption, judge_beside_a_busy_tool
from tests.support.other_cards import CARDS, other_card
from tests.support.pipewire_card import PipewireCard
from tests.support.soundcard import SoundCard
from tests.support.voice_process import VOICE

pytestmark = pytest.mark.soundcard

BACKENDS = ["sounddevice", "pyaudio"]
PYAUDIO_IS_LONG = ["sounddevice", pytest.param("pyaudio", marks=pytest.mark.long)]


@pytest.fixture(scope="module", params=CARDS)
def card(request: pytest.FixtureRequest) -> Iterator[SoundCard]:
    """The virtual card on each of the servers."""
    with other_card(request.param) as running:
        yield running


def ask_voice(card: SoundCard, *command: str) -> str:
    """Run a command of `voice` that succeeds; return what it prints."""
    run = subprocess.run([VOICE, *command], env=card.environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


@pytest.mark.parametrize("backend", PYAUDIO_IS_LONG)
def test_speech_is_understood_the_tool_is_called_and_the_answer_is_heard_whole(card: SoundCard, backend: str) -> None:
    judge_a_question(card, backend)


@pytest.mark.long
@pytest.mark.parametrize("backend", BACKENDS)
def test_an_interruption_is_silent_within_100_ms_and_nothing_of_the_old_answer_follows(
    card: SoundCard, backend: str
) -> None:
    judge_an_interruption(card, backend)


@pytest.mark.long
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_busy_tool_breaks_no_sound_of_a_20_s_answer(card: SoundCard, backend: str) -> None:
    judge_beside_a_busy_tool(card, backend)


@pytest.mark.parametrize("backend", PYAUDIO_IS_LONG)
def test_the_servers_devices_are_listed_and_its_default_is_the_default(card: SoundCard, backend: str) -> None:
    listed = json.loads(ask_voice(card, "devices", "--backend", backend, "--json"))
    host_apis = {device["host_api"] for device in listed}
    defaults = {device["name"] for device in listed if device["is_default_output"]}
    if isinstance(card, PipewireCard):
        assert host_apis == {"ALSA", "PipeWire"}
        assert {"default", "vspk Audio/Sink sink"} == defaults
    else:
        assert host_apis == {"JACK Audio Connection Kit"}
        assert {device["name"] for device in listed} == {"system", "loopback"}
        assert {"system"} == defaults


def test_the_doctor_finds_the_server_and_both_backends_native(card: SoundCard) -> None:
    found = ask_voice(card, "doctor").splitlines()
    server = next(line for line in found if "sound server" in line)
    assert server.startswith("ok")
    assert ("PipeWire" if isinstance(card, PipewireCard) else "JACK") in server
    assert isinstance(card, PipewireCard) or "pactl" not in "".join(found)
    for backend in BACKENDS:
        assert "native" in next(line for line in found if f"backend {backend}" in line)


@pytest.mark.long
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_sweep_comes_back_from_the_speaker(card: SoundCard, backend: str) -> None:
    names = ("loopback", "loopback")
    if isinstance(card, PipewireCard):
        names = (f"Loop-{backend}", "default")
        card.pactl(
            "load-module", "module-remap-source", "master=vspk.monitor", f"source_name={names[0]}",
            f"source_properties=device.description={names[0]}",
        )  # fmt: skip
    command = ("devices", "test", "--backend", backend, "--input", names[0], "--output", names[1], "--json")
    report = json.loads(ask_voice(card, *command))
    print(f"\n{type(card).__name__} {backend}: round trip {report['round_trip_ms']:.1f} ms")
    assert not report["diagnoses"]
    assert report["sweep_speed"] == 1.0
    assert 10 < report["round_trip_ms"] < 500
