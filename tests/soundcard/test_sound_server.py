"""Devices of the sound server, which PortAudio does not list: they are found by name, and only our streams go there."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import numpy as np
import pytest

from engine.audio.device.sound_server import with_server_devices
from engine.audio.types import Device
from tests.support.soundcard import SoundCard
from tests.support.voice_process import VOICE

pytestmark = pytest.mark.soundcard

PLUGIN = Device(4, "default", "ALSA", 32, 32, 44100, is_default_input=True, is_default_output=True)


@pytest.fixture
def headset(own_soundcard: SoundCard) -> Iterator[SoundCard]:
    """A card whose server also has a headset, which is its default for nothing."""
    card = own_soundcard
    card.pactl("load-module", "module-null-sink", "sink_name=head", "sink_properties=device.description=Headset")
    card.pactl(
        "load-module", "module-remap-source", "master=vcable.monitor", "source_name=boom",
        "source_properties=device.description=Boom",
    )  # fmt: skip
    yield card


def test_they_are_listed_behind_the_whole_server(headset: SoundCard, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in headset.env.items():
        monkeypatch.setenv(name, value)
    card = Device(0, "USB", "ALSA", 1, 2, 48000)
    assert with_server_devices([card]) == [card]
    listed = {device.name: device for device in with_server_devices([card, PLUGIN])[2:]}
    assert set(listed) == {"Null Output", "Headset", "Boom"}
    assert (listed["Headset"].max_input_channels, listed["Headset"].max_output_channels) == (0, 2)
    assert (listed["Boom"].max_output_channels, listed["Boom"].host_api) == (0, "PulseAudio")
    monkeypatch.setenv("PULSE_SERVER", "unix:/nonexistent")
    assert with_server_devices([PLUGIN]) == [PLUGIN]


@pytest.mark.parametrize("backend", ["sounddevice", "pyaudio"])
def test_our_streams_go_to_the_chosen_device_and_nobody_elses(headset: SoundCard, backend: str) -> None:
    other = headset.play_to_microphone(np.zeros(60 * 8000, np.int16), 8000)
    try:
        with headset.record_speaker("head") as recording:
            run = subprocess.run(
                [VOICE, "devices", "test", "--backend", backend, "--output", "headset", "--input", "Boom, PulseAudio"],
                env=headset.environment, capture_output=True, text=True, timeout=120, check=False,
            )  # fmt: skip
            assert np.abs(recording.samples()).max() > 0.1
        assert "Speaker: Headset (PulseAudio)" in run.stdout
        assert "Microphone: Boom (PulseAudio)" in run.stdout
        sinks = {
            line.split("\t")[0]: line.split("\t")[1] for line in headset.pactl("list", "short", "sinks").splitlines()
        }
        streams = [line.split("\t") for line in headset.pactl("list", "short", "sink-inputs").splitlines()]
        assert [sinks[stream[1]] for stream in streams if "protocol-native" in stream[3]] == ["vcable"]
    finally:
        other.kill()
        other.wait()
