"""The table of `voice devices`: names are whole, folded on a narrow terminal and on one line in a pipe."""

from __future__ import annotations

import re

import pytest

from cli.devices.table import as_records, print_devices
from engine.audio.device.rate_probe import OpenRates
from engine.audio.types import Device, Direction

HEADSET = Device(0, "Sennheiser_USB_headset_Analog_Stereo_of_the_office_(hw:2,0)", "ALSA", 1, 2, 48000)
MONITOR = Device(1, "A monitor whose name has words, and more of them than fit on one line", "ALSA", 0, 2, 44100)
CHOSEN = {Direction.INPUT: HEADSET, Direction.OUTPUT: None}


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)


def test_a_name_is_on_one_line_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    print_devices([HEADSET, MONITOR], None, CHOSEN)
    lines = capsys.readouterr().out.splitlines()
    microphones, speakers = lines.index("Microphones"), lines.index("Speakers")
    assert [line.rstrip().endswith("chosen") for line in lines[microphones:speakers] if HEADSET.name in line] == [True]
    assert [line.rstrip().endswith("chosen") for line in lines[speakers:] if HEADSET.name in line] == [False]
    assert [at > speakers for at, line in enumerate(lines) if MONITOR.name in line] == [True]


def test_only_channels_that_a_device_may_have_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    plug_in = Device(4, "default", "ALSA", 32, 128, 44100, is_default_input=True)
    print_devices([plug_in], None, {})
    shown = capsys.readouterr().out
    assert [line.split() for line in shown.splitlines() if "44100" in line] == [
        ["4", "default", "ALSA", "44100", "Hz", "default"],
        ["4", "default", "ALSA", "44100", "Hz"],
    ]
    assert (as_records("sounddevice", [plug_in], None, {})[0]["max_input_channels"]) == 32


def test_a_direction_without_a_device_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    print_devices([MONITOR], None, {})
    assert "Microphones: none\n" in capsys.readouterr().out


def test_a_name_is_folded_on_a_terminal_and_nothing_else_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    print_devices([HEADSET, MONITOR], None, CHOSEN)
    shown = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert all(len(line) <= 80 for line in shown.splitlines())
    assert "\u2026" not in shown
    assert "48000 Hz" in shown and "44100 Hz" in shown
    microphones = shown[: shown.index("Speakers")].splitlines()
    begin, end = microphones[1].index("name"), microphones[1].index("API")
    names = re.sub(r"\s+", "", "".join(line[begin:end] for line in microphones))
    assert re.sub(r"\s+", "", HEADSET.name) in names


@pytest.mark.parametrize("columns", [30, 40])
def test_on_a_narrow_terminal_each_device_has_lines_of_its_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", str(columns))
    print_devices([HEADSET, MONITOR], None, CHOSEN)
    shown = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert all(len(line.rstrip()) <= columns for line in shown.splitlines())
    assert "\u2026" not in shown
    told = " ".join(shown.split())
    monitor = "1 A monitor whose name has words, and more of them than fit on one line ALSA; 2 channels; 44100 Hz"
    assert monitor in told
    assert told.count("chosen") == 1


def test_a_device_that_cannot_be_asked_is_named_once(capsys: pytest.CaptureFixture[str]) -> None:
    probed = [OpenRates(HEADSET, Direction.INPUT, (), f"{HEADSET.name}, ALSA cannot be opened: busy.")]
    print_devices([HEADSET], probed, {})
    assert capsys.readouterr().out.splitlines()[-1] == f"0 {HEADSET.name}, input: cannot be opened: busy."


def test_no_device_is_said_with_the_fix(capsys: pytest.CaptureFixture[str]) -> None:
    print_devices([], None, {})
    shown = capsys.readouterr().out
    assert "There is no audio device." in shown
    assert "voice doctor" in shown and "--backend virtual" in shown
