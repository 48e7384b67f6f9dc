"""Which devices a command means: its own options before the configuration, and never files for want of a card."""

from __future__ import annotations

from pathlib import Path

import pytest

from backends.virtual import VirtualBackend
from cli import chosen_devices
from cli.chosen_devices import Configured, find_all_configured, find_configured, open_devices
from engine.audio.devices import Direction
from engine.audio.discovery import Chosen
from engine.config import AudioDefaults
from engine.errors import NoDeviceError


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("VOICE_BACKEND", "VOICE_INPUT", "VOICE_OUTPUT"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "config.toml"
    path.write_text("")
    monkeypatch.setenv("VOICE_CONFIG", str(path))
    return path


def test_options_come_before_the_configuration(config: Path) -> None:
    config.write_text('[audio]\nbackend = "virtual"\ninput = "configured"\noutput = "speaker"\n')
    with open_devices(None, "named") as (backend, request):
        assert backend.name == "virtual"
        assert (request.input, request.output) == ("named", "speaker")


@pytest.mark.usefixtures("config")
def test_a_machine_without_a_sound_card_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chosen_devices, "open_backend", lambda _: Chosen(VirtualBackend(), "no card"))
    with pytest.raises(NoDeviceError, match="no sound card"), open_devices(None):
        raise AssertionError("nothing is opened")


def test_the_configured_devices_are_found_or_said_to_be_gone() -> None:
    (virtual,) = devices = VirtualBackend().devices()
    assert find_all_configured(devices, AudioDefaults()) == dict.fromkeys(Direction, Configured())
    found = find_all_configured(devices, AudioDefaults(input="virtual, files", output="usb"))
    assert found[Direction.INPUT] == Configured(virtual)
    assert found[Direction.OUTPUT].trouble == "Configured speaker: no output device matches 'usb'."
    assert find_configured(devices, "Default", Direction.INPUT) == Configured()
