"""The protocol every audio backend implements: list devices, open streams for a port, close them.

A backend is a class that a package registers under the entry-point group `voice.backends`, and whose instances satisfy
`Backend`. It attaches to the port what it opened, and from then on hands the port one block after another; rings,
counters, fades and positions are the port's. The smallest one that works, a clock without a sound card:

    import threading

    import numpy as np

    from engine.audio.types import Device, StreamInfo, StreamRequest, StreamSide
    from engine.audio.device.matching import find_device
    from engine.audio.types import Direction
    from engine.audio.port.audio_port import AudioPort
    from engine.errors import InvalidInputError

    CLOCK = Device(0, "clock", "ticking", 1, 1, 48000, is_default_input=True, is_default_output=True)


    class TickingStream:
        def __init__(self, port: AudioPort, block_ms: float) -> None:
            self._port, self._block_s, self._frames = port, block_ms / 1000, round(48 * block_ms)
            side = StreamSide(CLOCK.name, 48000, 1, self._frames, latency_ms=0.0)
            self.info = StreamInfo(backend="ticking", native=False, input=side, output=side)
            self._ending = threading.Event()
            self._thread = threading.Thread(target=self._run, daemon=True)
            port.attach_input(48000, channels=1)
            port.attach_output(48000, channels=1)

        @property
        def active(self) -> bool:
            return self._thread.is_alive()

        def start(self) -> None:
            self._thread.start()

        def close(self) -> None:
            self._ending.set()
            if self._thread.is_alive():
                self._thread.join()

        def _run(self) -> None:
            microphone, speaker = np.zeros((2, self._frames, 1), np.float32)
            while not self._ending.wait(self._block_s):
                self._port.process(microphone, speaker)
            self._port.finish()


    class TickingBackend:
        name = "ticking"
        protocol_version = (1, 0)

        def devices(self) -> list[Device]:
            return [CLOCK]

        def open(self, port: AudioPort, request: StreamRequest) -> TickingStream:
            find_device(self.devices(), request.input, Direction.INPUT)
            find_device(self.devices(), request.output, Direction.OUTPUT)
            if request.input_file or request.output_file:
                raise InvalidInputError("The ticking backend plays no files.", fix='Use `backend="virtual"`.')
            if request.block_ms is not None and request.block_ms <= 0:
                raise InvalidInputError(f"A block of {request.block_ms} ms is impossible.")
            return TickingStream(port, request.block_ms or 10.0)

        def close(self) -> None:
            pass

A library that calls back in C is given the kernel itself, and no Python runs on its thread: PortAudio's callback is
`port.callback_address` with `port.control_address` as user data, and `engine.audio.kernels.callback` says how to make
one of another signature. `engine.audio.device.conformance` examines any backend; this one passes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from engine.audio.types import Device, Direction, StreamInfo, StreamRequest

if TYPE_CHECKING:  # an author of a backend imports this: it brings no kernels
    from engine.audio.port.audio_port import AudioPort

PROTOCOL_VERSION = (1, 0)
"""Major and minor version of what stands here and of the side of `AudioPort` that backends use.

A change that breaks backends raises the major version; an addition that they may rely on raises the minor one. A
backend names, in figures, the version that it was written for; `registry` refuses another major version, and a minor
one that is newer than this.
"""


@runtime_checkable
class Stream(Protocol):
    """The open streams (microphone and speaker) of one port."""

    @property
    def info(self) -> StreamInfo:
        """The devices, rates and latencies that were opened."""

    @property
    def active(self) -> bool:
        """False before `start`, after `close`, and once any of the streams has ended by itself.

        A stream that ends by itself also calls `port.finish()`, which wakes whoever waits for the port.
        """

    def start(self) -> None:
        """Let the blocks flow; called once.

        Raises:
            DeviceBusyError, StreamLostError: the device was taken or went since it was opened.
        """

    def close(self) -> None:
        """Stop and release; safe to call twice, before `start`, and while blocks flow.

        Afterwards the port's memory is no longer touched, and no thread and no descriptor of the stream is left.
        """


@runtime_checkable
class Backend(Protocol):
    """One way to reach sound.

    Making the instance may raise LibraryMissingError or PortAudioMissingError where it cannot work on this machine.
    Every error of every method is one of `engine.errors`, named by what the caller should do about it.
    """

    name: str
    protocol_version: tuple[int, int]
    """The `PROTOCOL_VERSION` it was written for."""

    def devices(self) -> list[Device]:
        """List the devices, at most one default in each direction marked; an empty list where there are none."""

    def open(self, port: AudioPort, request: StreamRequest) -> Stream:
        """Open (not start) the streams of `port`, and call `port.attach_input` / `attach_output` with what was taken.

        What is raised leaves nothing open.

        Raises:
            NoDeviceError: there is none of a direction.
            UnknownDeviceError: the request names none, or several.
            DeviceBusyError: another program holds it.
            UnsupportedFormatError: it takes no format that the engine can use.
            PermissionDeniedError: the system withholds the microphone.
            StreamLostError: it cannot be opened for another reason.
            InvalidInputError: the request asks for what no device can do.
        """

    def close(self) -> None:
        """Give the library back; every stream must be closed before."""


@runtime_checkable
class Refreshes(Protocol):
    """An optional part of a backend: with it a session outlives its devices, and follows the system's defaults.

    The class is made without arguments in a process of its own too, which refreshes it to list the devices.
    """

    def refresh(self) -> str | None:
        """See the devices as they are now; the caller has no stream open.

        Where that would end streams of others in the process it is not done, unless `exclusive` says that there are
        none.

        Returns:
            Why it was not done, in a sentence; nothing where it was.

        Raises:
            StreamLostError: the library cannot be started again, at the moment.
        """


@runtime_checkable
class ProbesRates(Protocol):
    """A backend that can tell at which rates a device really opens."""

    def opens_at(self, device: Device, direction: Direction, rate_hz: int) -> bool:
        """Whether the device really opens at a rate; nothing stays open.

        Args:
            device: One that the backend lists.
            direction: The side of it to open.
            rate_hz: Sample rate.

        Raises:
            DeviceBusyError, PermissionDeniedError, StreamLostError: it cannot be opened at all.
        """
