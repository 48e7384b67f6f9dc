"""A manual backend whose devices come and go: the list is a file, so that a process that looks sees it too."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from engine.audio.backend import Device, StreamInfo, StreamRequest, StreamSide
from engine.audio.devices import Direction, find_device
from engine.audio.port import AudioPort
from tests.support.manual_backend import ManualBackend, ManualStream

LIST = "VOICE_TEST_DEVICES"
"""The environment variable that names the file."""
_HANGS = "hangs"


def plug_in(devices: Sequence[Device]) -> None:
    """From now on there are these devices."""
    _write(json.dumps([asdict(device) for device in devices]))


def hang() -> None:
    """From now on, whoever lists the devices gets no answer."""
    _write(_HANGS)


class FollowedBackend(ManualBackend):
    """Opens a `ManualStream` at the speaker's rate."""

    name = "followed"
    make_stream: type[ManualStream] = ManualStream

    def devices(self) -> list[Device]:
        """What the file says."""
        text = Path(os.environ[LIST]).read_text(encoding="utf-8")
        while text == _HANGS:
            pass
        return [Device(**entry) for entry in json.loads(text)]

    def refresh(self) -> None:
        """The list is always new; no stream may be open."""
        assert self.stream is None or self.stream.closed

    def open(self, port: AudioPort, request: StreamRequest) -> ManualStream:
        """Open the devices that are asked for."""
        devices = self.devices()
        target = find_device(devices, request.output, Direction.OUTPUT)
        source = find_device(devices, request.input, Direction.INPUT)
        self.stream = self.make_stream(port, target.native_rate_hz)
        self.stream.info = StreamInfo(self.name, True, _side(source, target), _side(target, target))
        return self.stream


def _side(device: Device, clock: Device) -> StreamSide:
    rate_hz = clock.native_rate_hz
    return StreamSide(device.name, rate_hz, 1, rate_hz // 100, 0.0, device.host_api)


def _write(text: str) -> None:
    path = Path(os.environ[LIST])
    path.with_suffix(".new").write_text(text, encoding="utf-8")
    path.with_suffix(".new").replace(path)
