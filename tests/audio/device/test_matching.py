"""Devices are found by what people call them, and again by what was kept, after they were plugged in elsewhere."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.audio.device.matching import describe, find_device, lasting_name
from engine.audio.device.sound_server import plugin_of
from engine.audio.types import Device, Direction
from engine.errors import NoDeviceError, UnknownDeviceError

WINDOWS = [
    Device(0, "Microphone (USB Audio)", "MME", 1, 0, 44100),
    Device(1, "Speakers (Realtek)", "MME", 0, 2, 44100),
    Device(2, "Microphone (USB Audio)", "Windows WASAPI", 1, 0, 48000, is_default_input=True),
    Device(3, "Speakers (Realtek)", "Windows WASAPI", 0, 2, 48000, is_default_output=True),
    Device(4, "Speakers", "Windows WASAPI", 0, 2, 48000),
]
LINUX = [
    Device(0, "HDA Intel: ALC (hw:0,0)", "ALSA", 2, 2, 48000),
    Device(1, "USB Audio: - (hw:1,0)", "ALSA", 1, 0, 16000),
    Device(2, "default", "ALSA", 32, 32, 48000, is_default_input=True, is_default_output=True),
]


def index_of(devices: list[Device], name: str | None, direction: Direction) -> int:
    """Of the one device that is found."""
    return find_device(devices, name, direction).index


@pytest.mark.parametrize(
    ("name", "direction", "index"),
    [
        (None, Direction.INPUT, 2),
        ("Default", Direction.OUTPUT, 3),
        ("0", Direction.INPUT, 0),
        ("usb mme", Direction.INPUT, 0),
        ("wasapi, usb", Direction.INPUT, 2),
        ("Speakers (Realtek), MME", Direction.OUTPUT, 1),
        ("Microphone (USB Audio)", Direction.INPUT, 2),
        # The exact name of one is a word of the others.
        ("Speakers", Direction.OUTPUT, 4),
        ("speakers", Direction.OUTPUT, 4),
    ],
)
def test_a_device_is_found_by_index_name_or_words(name: str | None, direction: Direction, index: int) -> None:
    assert index_of(WINDOWS, name, direction) == index


def test_an_ambiguous_name_lists_the_candidates_with_their_indices() -> None:
    devices = [replace(device, host_api=device.host_api.replace("WASAPI", "DirectSound")) for device in WINDOWS]
    with pytest.raises(UnknownDeviceError) as caught:
        find_device(devices, "Microphone (USB Audio)", Direction.INPUT)
    assert "0: Microphone (USB Audio), MME; 2: Microphone (USB Audio), Windows DirectSound" in caught.value.message
    assert "index" in caught.value.fix


@pytest.mark.parametrize(("name", "direction"), [("bluetooth", Direction.INPUT), ("1", Direction.INPUT)])
def test_a_device_that_is_not_there_or_of_the_other_direction_is_unknown(name: str, direction: Direction) -> None:
    with pytest.raises(UnknownDeviceError, match=r"No input device matches .*\. There are: .*; .*\. "):
        find_device(WINDOWS, name, direction)


@pytest.mark.parametrize("name", ["", "  "])
def test_an_empty_name_is_refused_and_not_the_default(name: str) -> None:
    with pytest.raises(UnknownDeviceError, match="is empty") as refused:
        find_device(WINDOWS, name, Direction.OUTPUT)
    assert "Leave it out" in refused.value.fix


def test_no_device_at_all_is_another_error() -> None:
    with pytest.raises(NoDeviceError) as refused:
        find_device(WINDOWS[:1], "speakers", Direction.OUTPUT)
    assert "Plug one in" in refused.value.fix
    # Not every command that comes here has options for files.
    assert "--" not in refused.value.fix


@pytest.mark.parametrize("devices", [WINDOWS, LINUX])
def test_every_lasting_name_finds_its_device_in_a_list_of_another_order(devices: list[Device]) -> None:
    later = [replace(device, index=index) for index, device in enumerate(reversed(devices))]
    for direction in Direction:
        for device in devices:
            if direction.channels_of(device):
                name = lasting_name(devices, device, direction)
                assert describe(find_device(later, name, direction)) == describe(device)
                assert device.host_api in name


def test_a_device_is_found_again_in_another_socket() -> None:
    moved_on_linux = replace(LINUX[1], index=7, name="USB Audio: - (hw:3,0)")
    assert find_device([LINUX[0], moved_on_linux], lasting_name(LINUX, LINUX[1], Direction.INPUT), Direction.INPUT) == (
        moved_on_linux
    )
    moved_on_windows = replace(WINDOWS[2], index=9, name="Microphone (2- USB Audio)")
    kept = lasting_name(WINDOWS, WINDOWS[2], Direction.INPUT)
    assert find_device([WINDOWS[0], moved_on_windows], kept, Direction.INPUT) == moved_on_windows


def test_another_subdevice_of_the_card_is_another_device() -> None:
    with pytest.raises(UnknownDeviceError):
        find_device([LINUX[0]], "HDA Intel: ALC (hw:0,3)", Direction.INPUT)


def test_devices_of_one_name_are_told_apart_by_their_order() -> None:
    twins = [replace(WINDOWS[0], index=index) for index in (4, 6)]
    names = [lasting_name(twins, twin, Direction.INPUT) for twin in twins]
    assert names == ["Microphone (USB Audio), MME #1", "Microphone (USB Audio), MME #2"]
    assert [index_of(twins, name, Direction.INPUT) for name in names] == [4, 6]
    # The input and the output of one device are no twins.
    headset = [WINDOWS[0], replace(WINDOWS[0], index=1, max_input_channels=0, max_output_channels=2)]
    assert "#" not in lasting_name(headset, headset[0], Direction.INPUT)


@pytest.mark.parametrize(
    ("name", "channels", "is_server"),
    [
        ("default", 32, True),
        ("default", 64, True),
        ("default", 128, False),
        ("pulse", 32, True),
        ("pipewire", 64, True),
    ],
)
def test_a_sound_server_is_told_from_a_card_by_its_name_and_channels(name: str, channels: int, is_server: bool) -> None:
    default = Device(2, name, "ALSA", channels, channels, 44100)
    assert plugin_of([LINUX[0], default]) == (default if is_server else None)
    assert plugin_of([replace(default, host_api="MME")]) is None
