"""Devices as Windows and macOS list them: one under several host APIs, with names that are cut, at one rate."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from backends.portaudio import SAMPLE_FORMAT_NOT_SUPPORTED, PortAudioFailure, negotiate
from backends.pyaudio import PyAudioBackend, converting_twin
from backends.sounddevice import SounddeviceBackend
from engine.audio.device.matching import find_device, lasting_name
from engine.audio.recovery.device_diff import default_of
from engine.audio.types import Device, Direction
from engine.errors import UnknownDeviceError
from tests.support.voice_process import VOICE

WINDOWS = ("MME", "Windows DirectSound", "Windows WASAPI", "Windows WDM-KS")
MICROPHONE, HEADSET = "Microphone (Realtek(R) Audio)", "Headset Microphone (2- Jabra EVOLVE 20 MS)"
SPEAKERS = "Speakers (Realtek(R) Audio)"
LISTS: Mapping[str, list[tuple[str, int, int, float]]] = {
    "MME": [
        ("Microsoft Sound Mapper - Input", 2, 0, 44100.0),
        (MICROPHONE[:31], 2, 0, 44100.0),
        (HEADSET[:31], 1, 0, 44100.0),
        ("Microsoft Sound Mapper - Output", 0, 2, 44100.0),
        (SPEAKERS, 0, 2, 44100.0),
    ],
    "Windows DirectSound": [
        ("Primary Sound Capture Driver", 2, 0, 44100.0),
        (MICROPHONE, 2, 0, 44100.0),
        (HEADSET, 1, 0, 44100.0),
        ("Primary Sound Driver", 0, 2, 44100.0),
        (SPEAKERS, 0, 2, 44100.0),
    ],
    "Windows WASAPI": [(SPEAKERS, 0, 2, 48000.0), (MICROPHONE, 2, 0, 48000.0), (HEADSET, 1, 0, 16000.0)],
    "Windows WDM-KS": [(MICROPHONE, 2, 0, 48000.0), ("Speakers (Realtek HD Audio output)", 0, 8, 48000.0)],
    "Core Audio": [("MacBook Pro Microphone", 1, 0, 48000.0), ("MacBook Pro Speakers", 0, 2, 48000.0)],
    "DirectSound without speaker": [("Microphone", 1, 0, 44100.0)],
}


class System:
    """A machine with some host APIs, as PortAudio tells of it; each has its first devices as its defaults."""

    def __init__(self, *names: str) -> None:
        rows = [(name, *row) for name in names for row in LISTS[name]]
        self.devices = [
            {"name": row[1], "hostApi": names.index(row[0]), "maxInputChannels": row[2], "maxOutputChannels": row[3],
             "defaultSampleRate": row[4], "defaultLowInputLatency": 0.003, "defaultLowOutputLatency": 0.003,
             "defaultHighInputLatency": 0.01, "defaultHighOutputLatency": 0.01}
            for row in rows
        ]  # fmt: skip
        self.host_apis = [
            {"index": number, "name": name} | {
                f"default{word}Device": next(
                    (index for index, row in enumerate(rows) if row[0] == name and row[column]), -1
                )
                for word, column in (("Input", 2), ("Output", 3))
            }
            for number, name in enumerate(names)
        ]  # fmt: skip

    def listed(self, backend: str) -> list[Device]:
        """Devices as a backend lists them."""
        return self.by_pyaudio() if backend == "pyaudio" else self.by_sounddevice()

    def by_pyaudio(self) -> list[Device]:
        backend = PyAudioBackend.__new__(PyAudioBackend)
        backend._pyaudio = SimpleNamespace(
            get_device_count=lambda: len(self.devices),
            get_host_api_count=lambda: len(self.host_apis),
            get_device_info_by_index=self.devices.__getitem__,
            get_host_api_info_by_index=self.host_apis.__getitem__,
            get_default_host_api_info=lambda: self.host_apis[0],
        )
        return backend.devices()

    def by_sounddevice(self) -> list[Device]:
        backend = SounddeviceBackend.__new__(SounddeviceBackend)
        structs = [
            SimpleNamespace(**device | {"name": str(device["name"]).encode(), "structVersion": 2})
            for device in self.devices
        ]
        apis: list[dict[str, Any]] = [
            {"name": api["name"], "default_input_device": api["defaultInputDevice"],
             "default_output_device": api["defaultOutputDevice"]}
            for api in self.host_apis
        ]  # fmt: skip
        backend._library = SimpleNamespace(
            PortAudioError=RuntimeError,
            query_hostapis=lambda: apis,
            default=SimpleNamespace(device=(-1, -1), hostapi=0),
            _check=lambda code: code,
            _lib=SimpleNamespace(Pa_GetDeviceCount=lambda: len(structs), Pa_GetDeviceInfo=structs.__getitem__),
            _ffi=SimpleNamespace(string=lambda name: name),
        )
        return backend.devices()


def test_the_default_backend_can_be_loaded_here() -> None:
    """On macOS and Windows its wheel brings PortAudio; whether there is a device is another matter."""
    run = subprocess.run([VOICE, "backends", "--json"], capture_output=True, text=True, check=False, timeout=120)
    rows = {row["name"]: row for row in json.loads(run.stdout)}
    row = rows["sounddevice"]
    if sys.platform == "linux" and "cannot be loaded" in row["note"]:
        pytest.skip("PortAudio is not installed")
    assert row["works"] or row["note"].startswith("This system has no "), row


@pytest.fixture(params=["sounddevice", "pyaudio"])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_default_devices_of_windows_are_those_of_wasapi(backend: str) -> None:
    devices = System(*WINDOWS).listed(backend)
    for direction, name in ((Direction.INPUT, MICROPHONE), (Direction.OUTPUT, SPEAKERS)):
        for asked in (None, "default"):
            found = find_device(devices, asked, direction)
            assert (found.name, found.host_api, found.native_rate_hz) == (name, "Windows WASAPI", 48000)
        assert default_of(devices, direction) == found
        assert sum(direction.is_default(device) for device in devices) == 1


def test_where_windows_has_no_wasapi_portaudios_own_choice_stands(backend: str) -> None:
    devices = System("MME", "Windows DirectSound").listed(backend)
    assert find_device(devices, None, Direction.OUTPUT).name == "Microsoft Sound Mapper - Output"


def test_core_audio_is_listed_as_it_is(backend: str) -> None:
    devices = System("Core Audio").listed(backend)
    assert [device.host_api for device in devices] == ["Core Audio"] * 2
    assert find_device(devices, None, Direction.INPUT).name == "MacBook Pro Microphone"


def test_a_system_without_devices_has_no_default(backend: str) -> None:
    assert System().listed(backend) == []
    assert not any(device.is_default_output for device in System("DirectSound without speaker").listed(backend))


@pytest.mark.parametrize(
    ("name", "host_api"),
    [
        (MICROPHONE, "Windows WASAPI"),
        ("realtek", "Windows WASAPI"),
        ("jabra", "Windows WASAPI"),
        ("Headset Microphone (Jabra EVOLVE 20 MS)", "Windows WASAPI"),
        (f"{MICROPHONE}, Windows DirectSound", "Windows DirectSound"),
        ("realtek mme", "MME"),
        (HEADSET[:31], "MME"),
        ("realtek WDM", "Windows WDM-KS"),
        ("0", "MME"),
    ],
)
def test_a_name_that_several_host_apis_have_is_wasapis_unless_another_is_named(
    backend: str, name: str, host_api: str
) -> None:
    assert find_device(System(*WINDOWS).listed(backend), name, Direction.INPUT).host_api == host_api


def test_what_wasapi_itself_has_twice_is_told_without_the_others(backend: str) -> None:
    with pytest.raises(UnknownDeviceError) as caught:
        find_device(System(*WINDOWS).listed(backend), "microphone", Direction.INPUT)
    assert MICROPHONE in caught.value.message
    assert HEADSET in caught.value.message
    assert "MME" not in caught.value.message


def test_a_device_is_kept_by_a_name_that_finds_it_again(backend: str) -> None:
    devices = System(*WINDOWS).listed(backend)
    for direction in Direction:
        for device in devices:
            if direction.channels_of(device):
                assert find_device(devices, lasting_name(devices, device, direction), direction) == device


def test_in_shared_mode_only_the_rate_of_the_device_is_taken_or_windows_converts() -> None:
    (microphone,) = (each for each in System(*WINDOWS).by_sounddevice() if each.name == HEADSET and each.index > 10)
    tried: list[int] = []

    def shared(rate_hz: int, channels: int) -> str:
        tried.append(rate_hz)
        if rate_hz != 48000:
            raise PortAudioFailure(-9997, "Invalid sample rate")
        return "shared"

    def refused(rate_hz: int, channels: int) -> str:
        raise PortAudioFailure(SAMPLE_FORMAT_NOT_SUPPORTED, "Sample format not supported")

    assert negotiate(microphone, Direction.INPUT, shared)[0] == "shared"
    assert tried[:2] == [16000, 48000]
    opened, note = negotiate(microphone, Direction.INPUT, refused, open_converted=lambda rate_hz, channels: "converted")
    assert opened == "converted"
    assert "in which the system converts" in note


def test_pyaudio_converts_through_the_twin_whose_name_mme_has_cut() -> None:
    devices = System("MME", "Windows WASAPI").by_pyaudio()
    headset = find_device(devices, HEADSET, Direction.INPUT)
    twin = converting_twin(devices, headset, Direction.INPUT)
    assert twin is not None
    assert (twin.name, twin.host_api) == (HEADSET[:31], "MME")
