"""A file in place of one device: the other direction stays real, on the same port."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace

from engine.audio.device.protocol import PROTOCOL_VERSION, Backend, Stream
from engine.audio.port.audio_port import AudioPort
from engine.audio.types import Device, Direction, StreamRequest


class FileBeside:
    """Backend of a request that names one file: devices open the one direction, the backend of files the other.

    It has no `refresh`: a device that is lost ends the session, rather than begin the file anew.
    """

    protocol_version = PROTOCOL_VERSION

    def __init__(self, devices: Backend, files: Backend) -> None:
        self.name = devices.name
        self._devices, self._files = devices, files

    def devices(self) -> list[Device]:
        """List the real devices."""
        return self._devices.devices()

    def open(self, port: AudioPort, request: StreamRequest) -> Stream:
        """Open the file in its direction, and the device in the other."""
        of_file = Direction.INPUT if request.input_file else Direction.OUTPUT
        others = tuple(direction for direction in request.directions if direction is not of_file)
        opened = [self._files.open(port, replace(request, input=None, output=None, directions=(of_file,)))]
        try:
            if others:
                bare = replace(request, input_file=None, output_file=None, directions=others)
                opened.append(self._devices.open(port, bare))
            return _Pair(opened)
        except BaseException:
            _call_all(*(stream.close for stream in opened))
            raise

    def close(self) -> None:
        """Close both backends."""
        _call_all(self._devices.close, self._files.close)


class _Pair:
    """The stream of the file and that of the device as one."""

    def __init__(self, streams: Sequence[Stream]) -> None:
        self._streams = streams
        of_file, of_device = streams[0].info, streams[-1].info
        self.info = replace(
            of_device, input=of_file.input or of_device.input, output=of_file.output or of_device.output
        )

    @property
    def active(self) -> bool:
        """True while both run."""
        return all(stream.active for stream in self._streams)

    def start(self) -> None:
        """Let the blocks of both flow, the device's first: it may refuse."""
        for stream in reversed(self._streams):
            stream.start()

    def close(self) -> None:
        """Close both; safe to call twice."""
        _call_all(*(stream.close for stream in self._streams))


def _call_all(*closings: Callable[[], None]) -> None:
    """Call each, in order, whatever the others raise: a full disk does not keep a microphone open."""
    with contextlib.ExitStack() as stack:
        for closing in reversed(closings):
            stack.callback(closing)
