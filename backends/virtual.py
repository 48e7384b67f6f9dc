"""The virtual backend: files or silence instead of devices, driven by a clock. Needs no audio system at all.

The same kernel runs as on a real device, so counters, fades and positions are the same; only the clock is ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.audio.device.matching import find_device
from engine.audio.device.protocol import PROTOCOL_VERSION
from engine.audio.types import FILES, Device, Direction, StreamRequest
from engine.errors import InvalidInputError

if TYPE_CHECKING:
    from backends.virtual_microphone import Microphone
    from backends.virtual_stream import VirtualStream
    from engine.audio.port.audio_port import AudioPort

SPEAKER_RATE_HZ = 48000


class VirtualBackend:
    """A microphone from a file, standard input, silence or a program; a speaker to a file or to nowhere."""

    name = "virtual"
    protocol_version = PROTOCOL_VERSION

    def __init__(self, *, microphone: Microphone | None = None) -> None:
        """Make the backend; the microphone, such as a `FedMicrophone`, is recorded instead of the request's file."""
        self._microphone = microphone

    def devices(self) -> list[Device]:
        """List the one device there is."""
        return [Device(0, "virtual", FILES, 1, 1, SPEAKER_RATE_HZ, is_default_input=True, is_default_output=True)]

    def open(self, port: AudioPort, request: StreamRequest) -> VirtualStream:
        """Open the files.

        Raises:
            UnknownDeviceError: the request names a device.
            InvalidInputError: a file cannot be read or written, or would be overwritten while it is read.
        """
        # A process that only lists backends and devices compiles no kernel.
        from backends.virtual_microphone import open_microphone  # noqa: PLC0415
        from backends.virtual_stream import VirtualStream  # noqa: PLC0415

        for direction, name in ((Direction.INPUT, request.input), (Direction.OUTPUT, request.output)):
            find_device(self.devices(), name, direction)
        source, target = request.input_file, request.output_file
        if source and target and source.exists() and target.exists() and source.samefile(target):
            raise InvalidInputError(f"{target} is the input file.", fix="Choose another file for the output.")
        microphone = None
        if Direction.INPUT in request.directions:
            microphone = self._microphone or open_microphone(request.input_file)
        try:
            return VirtualStream(port, SPEAKER_RATE_HZ, microphone, request)
        except BaseException:
            if microphone is not None:
                microphone.close()
            raise

    def close(self) -> None:
        """Nothing to give back."""
