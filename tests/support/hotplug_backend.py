"""A manual backend whose devices come and go: the list is a file, so that a process that rescans sees it too."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pytest

from engine.audio.device.matching import find_device
from engine.audio.port.audio_port import AudioPort
from engine.audio.recovery import stall
from engine.audio.types import Device, Direction, StreamInfo, StreamRequest, StreamSide
from tests.support.manual_backend import ManualBackend, ManualStream

LIST = "VOICE_TEST_DEVICES"
"""The environment variable that names the file."""
_HANGS = "hangs"
MICROPHONE = Device(0, "Microphone", "test", 1, 0, 48000, is_default_input=True)
SPEAKER = Device(1, "Speaker", "test", 0, 2, 48000, is_default_output=True)


def plug_in(devices: Sequence[Device]) -> None:
    """From now on there are these devices."""
    _write(json.dumps([asdict(device) for device in devices]))


def hang() -> None:
    """From now on, whoever lists the devices gets no answer."""
    _write(_HANGS)


def prepare_devices(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plug both in, for this process and those that rescan; a clock of the test's own makes no stream a dead one."""
    monkeypatch.setenv(LIST, str(folder / "devices.json"))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setattr(stall, "STALLED_S", 1e9)
    monkeypatch.setattr(stall, "START_S", 1e9)
    plug_in([MICROPHONE, SPEAKER])


class HotplugBackend(ManualBackend):
    """Opens a `ManualStream` at the speaker's rate."""

    name = "hotplug"

    def devices(self) -> list[Device]:
        """What the file says."""
        text = Path(os.environ[LIST]).read_text(encoding="utf-8")
        if text == _HANGS:
            threading.Event().wait()
        return [Device(**entry) for entry in json.loads(text)]

    def refresh(self) -> str | None:
        """The list is always new; no stream may be open."""
        assert self.stream is None or self.stream.closed
        return None

    def open(self, port: AudioPort, request: StreamRequest) -> ManualStream:
        """Open the devices that are asked for."""
        devices = self.devices()
        target = find_device(devices, request.output, Direction.OUTPUT)
        source = find_device(devices, request.input, Direction.INPUT)
        self.stream = ManualStream(port, target.native_rate_hz)
        self.stream.info = StreamInfo(self.name, True, _side(source, target), _side(target, target))
        return self.stream


def _side(device: Device, clock: Device) -> StreamSide:
    rate_hz = clock.native_rate_hz
    return StreamSide(device.name, rate_hz, 1, rate_hz // 100, 0.0, device.host_api)


def _write(text: str) -> None:
    path = Path(os.environ[LIST])
    path.with_suffix(".new").write_text(text, encoding="utf-8")
    path.with_suffix(".new").replace(path)
