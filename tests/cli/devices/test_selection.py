"""Which devices a command means: its own options before the configuration, and never files for want of a card."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from backends.virtual import VirtualBackend
from cli.devices import selection as chosen_devices
from cli.devices.selection import Configured, find_all_configured, find_configured, open_devices
from engine.audio.device.registry import Chosen
from engine.audio.types import Direction
from engine.config import AudioDefaults
from engine.errors import InvalidInputError, NoDeviceError
from tests.realtime.tools.test_tool import install_plugins
from tests.support.voice_process import VOICE


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("VOICE_BACKEND", "VOICE_INPUT", "VOICE_OUTPUT"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "config.toml"
    path.write_text("")
    monkeypatch.setenv("VOICE_CONFIG", str(path))
    return path


class Card(VirtualBackend):
    """A backend of devices."""

    name = "card"


def test_options_come_before_the_configuration(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backends = {"card": Chosen(Card(), "as asked")}
    monkeypatch.setattr(chosen_devices, "open_backend", backends.__getitem__)
    config.write_text('[audio]\nbackend = "card"\ninput = "configured"\noutput = "speaker"\n')
    with open_devices(None, "named") as (backend, request):
        assert backend.name == "card"
        assert (request.input, request.output) == ("named", "speaker")
    with open_devices(None, None, "") as (_, request):  # a mistake, which the backend names
        assert (request.input, request.output) == ("configured", "")


def test_what_is_wrong_with_a_configured_name_says_where_it_stands(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text('[audio]\nbackend = "alsa"\ninput = "usb"\n')
    with pytest.raises(InvalidInputError) as caught, open_devices(None):
        raise AssertionError("nothing is opened")
    assert str(caught.value).endswith(f"It is named by [audio] in {config}.")
    monkeypatch.setenv("VOICE_BACKEND", "oss")
    with pytest.raises(InvalidInputError, match=r"'oss'.*It is named by VOICE_BACKEND"), open_devices(None):
        raise AssertionError("nothing is opened")
    with pytest.raises(InvalidInputError) as caught, open_devices("jack"):
        raise AssertionError("nothing is opened")
    assert "named by" not in str(caught.value)


@pytest.mark.usefixtures("config")
def test_a_machine_without_a_sound_card_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chosen_devices, "open_backend", lambda _: Chosen(VirtualBackend(), "no card"))
    with pytest.raises(NoDeviceError, match="no sound card"), open_devices(None):
        raise AssertionError("nothing is opened")


@pytest.mark.parametrize("arguments", [("test", "--backend", "virtual"), ("watch", "--backend", "virtual"), ("test",)])
def test_files_are_no_devices_to_look_closer_at(config: Path, arguments: tuple[str, ...]) -> None:
    config.write_text('[audio]\nbackend = "virtual"\n')
    run = subprocess.run([VOICE, "devices", *arguments], capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 5
    assert run.stdout == ""
    assert "The virtual backend plays files" in run.stderr
    assert "--backend auto" in run.stderr


@pytest.mark.usefixtures("config")
def test_files_are_not_picked() -> None:
    with pytest.raises(NoDeviceError, match="plays files"), open_devices("virtual"):
        raise AssertionError("nothing is opened")


@pytest.mark.usefixtures("config")
@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is a thing of Unix")
def test_a_backend_that_ends_the_program_while_one_is_picked_is_named(tmp_path: Path) -> None:
    from tests.support.terminal import Terminal  # noqa: PLC0415

    text = "import sys\nfrom backends.virtual import VirtualBackend\nclass Leaving(VirtualBackend):\n"
    text += "    name = 'leaving'\n    devices = sys.exit\n"
    install_plugins(tmp_path, {"leaving": "leaving:Leaving"}, {"leaving": text}, group="voice.backends")
    command = [VOICE, "devices", "pick", "--backend", "leaving"]
    with Terminal(command, {**os.environ, "PYTHONPATH": str(tmp_path)}) as terminal:
        assert terminal.wait() != 0
        assert "leaving:Leaving fails: SystemExit" in terminal.shown


def test_the_configured_devices_are_found_or_said_to_be_gone() -> None:
    (virtual,) = devices = VirtualBackend().devices()
    assert find_all_configured(devices, AudioDefaults()) == dict.fromkeys(Direction, Configured())
    found = find_all_configured(devices, AudioDefaults(input="virtual, files", output="usb"))
    assert found[Direction.INPUT] == Configured(virtual)
    assert found[Direction.OUTPUT].trouble == "Configured speaker: no output device matches 'usb'."
    assert find_configured(devices, "Default", Direction.INPUT) == Configured()
