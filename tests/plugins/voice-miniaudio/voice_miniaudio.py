"""The audio backend `miniaudio`: any system's own sound through one C library, with no Python on the audio thread."""

from __future__ import annotations

import atexit

from voice_miniaudio_library import OpenDevice, list_devices

from engine.audio.device.matching import find_device
from engine.audio.port.audio_port import AudioPort
from engine.audio.types import Device, Direction, StreamInfo, StreamRequest, StreamSide
from engine.errors import InvalidInputError

BLOCK_MS = 10.0
CHANNELS = {Direction.INPUT: 1, Direction.OUTPUT: 2}


class MiniaudioBackend:
    """Devices and streams of the first host API that miniaudio finds at work."""

    name = "miniaudio"
    protocol_version = (1, 0)

    def devices(self) -> list[Device]:
        """List the microphones, then the speakers."""
        return [listed.device for listed in list_devices()]

    def open(self, port: AudioPort, request: StreamRequest) -> MiniaudioStream:
        """Open the microphone and the speaker, each at the rate it likes."""
        if request.input_file or request.output_file:
            raise InvalidInputError(
                "The miniaudio backend plays devices, not files.", fix='Use `backend="virtual"` with files.'
            )
        block_ms = BLOCK_MS if request.block_ms is None else request.block_ms
        if block_ms <= 0:
            raise InvalidInputError(f"A block of {block_ms} ms is impossible.", fix="Use 1 to 200 ms.")
        listed = list_devices()
        devices = [entry.device for entry in listed]
        chosen = {
            Direction.INPUT: find_device(devices, request.input, Direction.INPUT),
            Direction.OUTPUT: find_device(devices, request.output, Direction.OUTPUT),
        }
        stream = MiniaudioStream()
        try:
            for direction, device in chosen.items():
                stream.add(OpenDevice(port, listed[device.index], direction, CHANNELS[direction], block_ms))
        except BaseException:
            stream.close()
            raise
        return stream

    def close(self) -> None:
        """Nothing to give back: each device has a context of its own."""


class MiniaudioStream:
    """The two devices of one port."""

    def __init__(self) -> None:
        self._opened: dict[Direction, OpenDevice] = {}
        # A callback into memory that the interpreter has freed would be a crash.
        atexit.register(self.close)

    def add(self, opened: OpenDevice) -> None:
        """Take in one direction."""
        self._opened[opened.direction] = opened
        self.info = StreamInfo(
            backend=MiniaudioBackend.name,
            native=True,
            input=self._side(Direction.INPUT),
            output=self._side(Direction.OUTPUT),
        )

    def _side(self, direction: Direction) -> StreamSide | None:
        return self._opened[direction].side if direction in self._opened else None

    @property
    def active(self) -> bool:
        """True while both devices run."""
        return bool(self._opened) and all(opened.active for opened in self._opened.values())

    def start(self) -> None:
        """Let the callbacks run."""
        for opened in self._opened.values():
            opened.start()

    def close(self) -> None:
        """Stop and release both devices; safe to call twice."""
        opened, self._opened = self._opened, {}
        for device in opened.values():
            device.close()
        atexit.unregister(self.close)
