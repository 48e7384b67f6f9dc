"""The list of `voice devices pick`: the highlight, numbers, and what fits on a screen."""

from __future__ import annotations

import pytest

from cli.devices.menu import DeviceMenu
from engine.audio.types import Device, Direction
from engine.errors import NoDeviceError

UP, DOWN = "KEY_UP", "KEY_DOWN"
DEVICES = [Device(index, f"Mic {index}", "ALSA", 1, 0, 48000, is_default_input=index == 3) for index in range(25)]


def menu(configured: str | None = None) -> DeviceMenu:
    return DeviceMenu(DEVICES, Direction.INPUT, configured)


def test_the_configured_device_is_highlighted_first_else_the_default() -> None:
    assert menu("Mic 7, ALSA").highlighted.number == 7
    for name in (None, "default", "unplugged"):
        assert menu(name).highlighted.kept_as == "default"
    assert "'unplugged'" in menu("unplugged").trouble
    assert not menu("Mic 7").trouble


def test_arrows_go_round() -> None:
    chosen = menu()
    chosen.press(UP, 0.0)
    assert chosen.highlighted.number == 24
    chosen.press(DOWN, 0.1)
    chosen.press(DOWN, 0.2)
    assert chosen.highlighted.number == 0
    assert chosen.highlighted.kept_as == "Mic 0, ALSA"


def test_digits_in_a_row_are_one_number() -> None:
    chosen = menu()
    chosen.press("1", 10.0)
    assert chosen.highlighted.number == 1
    chosen.press("2", 10.5)
    assert chosen.highlighted.number == 12
    chosen.press("9", 10.8)
    assert chosen.highlighted.number == 12
    chosen.press("4", 12.5)
    assert chosen.highlighted.number == 4
    chosen.press("x", 12.6)
    assert chosen.highlighted.number == 4


@pytest.mark.parametrize("height", [10, 24])
def test_the_highlight_is_always_on_the_screen(height: int) -> None:
    chosen = menu()
    for _ in range(30):
        lines = chosen.render("Heading", ["", "level", "help"], 20, height).plain.splitlines()
        assert len(lines) < height
        assert all(len(line) < 20 for line in lines[1:])
        assert sum(line.startswith(">") for line in lines) == 1
        chosen.press(DOWN, 0.0)


def test_what_is_said_below_the_list_is_wrapped_and_whole() -> None:
    said = "Mic 3, ALSA cannot be opened: Device unavailable. Close the program that uses it."
    lines = menu().render("Heading", [said, ""], 30, 24).plain.splitlines()
    assert len(lines) < 24
    assert " ".join(lines[-4:]).strip() == said
    assert all(len(line) < 30 for line in lines)


def test_a_name_wider_than_the_screen_is_whole_below_the_list() -> None:
    name = "Sennheiser_USB_headset_Analog_Stereo"
    chosen = DeviceMenu([Device(0, name, "ALSA", 1, 0, 48000)], Direction.INPUT, "Sennheiser")
    lines = chosen.render("Heading", ["", "level"], 30, 24).plain.splitlines()
    assert lines[2] == f">   0  {name}"[:29]
    assert "".join(lines[3:5]).replace(" ", "") == f"{name},ALSA"
    assert "Sennheiser" not in "".join(chosen.render("Heading", [""], 60, 24).plain.splitlines()[3:])


def test_no_device_of_a_direction_is_said() -> None:
    with pytest.raises(NoDeviceError):
        DeviceMenu(DEVICES, Direction.OUTPUT, None)
