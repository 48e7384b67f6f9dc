"""`voice devices watch` on a sound card that is really taken away and given back."""

from __future__ import annotations

import contextlib
import json
from functools import partial
from pathlib import Path

import pytest

from tests.support.lines import LineProcess
from tests.support.soundcard import SoundCard
from tests.support.voice_process import VOICE

pytestmark = pytest.mark.soundcard


def listers(card: SoundCard) -> list[Path]:
    """The processes that look for the devices of a card."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended, or is somebody else's
            sees_card = card.env["PULSE_SERVER"].encode() in (process / "environ").read_bytes()
            if sees_card and b"engine.audio.recovery.rescan_main" in (process / "cmdline").read_bytes():
                found.append(process)
    return found


@pytest.mark.parametrize("backend", ["sounddevice", "pyaudio"])
def test_departures_arrivals_and_defaults_are_lines_of_json(own_soundcard: SoundCard, backend: str) -> None:
    command = [VOICE, "devices", "watch", "--backend", backend, "--json"]
    with LineProcess(command, own_soundcard.environment) as watching:
        watching.wait_for(lambda line: "Watching 7 devices" in line, on_stderr=True)
        own_soundcard.end_server()
        watching.wait_for(lambda line: is_change(line, "left", "vspk"))
        watching.wait_for(lambda line: json.loads(line)["change"] == "default")
        own_soundcard.start()
        watching.wait_for(lambda line: is_change(line, "arrived", "vmic"))
        for direction in ("input", "output"):
            watching.wait_for(partial(is_default, direction, "default"))
        named = "sink_properties=device.description=Plug"
        own_soundcard.pactl("load-module", "module-null-sink", "sink_name=plug", named)
        own_soundcard.pactl("set-default-sink", "plug")
        watching.wait_for(partial(is_default, "output", "Plug"))
        assert watching.interrupt() == 0
    records = [json.loads(line) for line in watching.lines]
    assert {record["device"]["backend"] for record in records if "device" in record} == {backend}
    left = {record["device"]["name"] for record in records if record["change"] == "left"}
    arrived = {record["device"]["name"] for record in records if record["change"] == "arrived"}
    assert left == arrived - {"Plug"} == {"vspk", "vspkmon", "vcable", "vmic", "default", "Null Output"}
    # One line on what is watched; nothing of what ALSA, JACK and PortAudio say.
    assert len(watching.errors) == 1


def test_lines_for_people_and_no_process_is_left_behind(own_soundcard: SoundCard) -> None:
    with LineProcess([VOICE, "devices", "watch"], own_soundcard.environment) as watching:
        watching.wait_for(lambda line: "backend sounddevice" in line, on_stderr=True)
        own_soundcard.add_sink("lamp")
        line = watching.wait_for(lambda line: "Null Output, PulseAudio (2 output, 48000 Hz)" in line)
        assert line.split()[1] == "arrived"
        own_soundcard.end_server()
        line = watching.wait_for(lambda line: "vspk, ALSA" in line)
        assert line.split()[1] == "left"
        own_soundcard.start()
        watching.wait_for(lambda line: line.split()[1] == "arrived" and "vspk, ALSA (32 input, 32 output," in line)
        assert watching.interrupt() == 0
        assert listers(own_soundcard) == []


def test_a_card_that_comes_later_is_seen(own_soundcard: SoundCard) -> None:
    own_soundcard.end_server()
    with LineProcess([VOICE, "devices", "watch"], own_soundcard.environment) as watching:
        watching.wait_for(lambda line: "Watching 0 devices of the backend sounddevice" in line, on_stderr=True)
        own_soundcard.start()
        watching.wait_for(lambda line: line.split()[1] == "arrived" and "vspk, ALSA" in line)
        assert watching.interrupt() == 0
    assert len(watching.errors) == 1


def is_change(line: str, change: str, name: str) -> bool:
    """Whether a line tells of this device."""
    record = json.loads(line)
    return bool(record["change"] == change and record["device"]["name"] == name)


def is_default(direction: str, name: str, line: str) -> bool:
    """Whether a line tells that this device is the default now."""
    record = json.loads(line)
    return record["change"] == "default" and (record["direction"], (record["after"] or {}).get("name")) == (
        direction,
        name,
    )
