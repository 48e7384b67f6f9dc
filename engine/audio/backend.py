"""The protocol every audio backend implements: list devices, open streams for a port, close them.

A backend is found through the entry-point group `voice.backends`; the object named there is a class whose instances
satisfy `Backend`. The smallest one that works, a pair of streams that never move a sample:

    class SilentStream:
        info = StreamInfo(backend="silent", native=False, input=None, output=None)
        active = True

        def start(self) -> None: ...
        def close(self) -> None: ...

    class SilentBackend:
        name = "silent"
        api_version = API_VERSION

        def devices(self) -> list[Device]:
            return []

        def open(self, port: AudioPort, request: StreamRequest) -> SilentStream:
            return SilentStream()

        def close(self) -> None: ...
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from engine.audio.devices import Direction
    from engine.audio.port import AudioPort

API_VERSION = 1
"""Raised when `Backend` or `AudioPort`'s side of it changes incompatibly."""


@dataclass(frozen=True, slots=True)
class Device:
    """One device as a backend sees it; `index` is only valid until the list is read again."""

    index: int
    name: str
    host_api: str
    max_input_channels: int
    max_output_channels: int
    native_rate_hz: int
    low_input_latency_ms: float = 0.0
    high_input_latency_ms: float = 0.0
    low_output_latency_ms: float = 0.0
    high_output_latency_ms: float = 0.0
    is_default_input: bool = False
    is_default_output: bool = False


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """What the session asks of a backend; `None` leaves the choice to the device.

    `input` and `output` name devices as `engine.audio.devices.find_device` reads them. The files are for backends
    that play from and record to files (`virtual`); a backend of real devices refuses them.
    """

    input: str | None = None
    output: str | None = None
    input_file: Path | None = None
    output_file: Path | None = None
    block_ms: float | None = None
    paced: bool = True
    """Virtual clock only: True follows real time, False runs as fast as the machine can."""


@dataclass(frozen=True, slots=True)
class StreamSide:
    """What one direction of a stream was opened with."""

    device: str
    rate_hz: int
    channels: int
    block_frames: int
    """Frames per callback; 0 where the device chooses."""
    latency_ms: float
    """As the device reports it."""
    host_api: str = ""


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """What the streams of a port were opened with, for people and for the session's arithmetic."""

    backend: str
    native: bool
    """True where no Python runs on the audio thread."""
    input: StreamSide | None
    output: StreamSide | None
    notes: tuple[str, ...] = field(default=())
    """Sentences for the person: why the backend is degraded, which rate was taken instead of the device's own."""


@runtime_checkable
class Stream(Protocol):
    """The open streams (microphone and speaker) of one port."""

    @property
    def info(self) -> StreamInfo:
        """What was opened."""
        ...

    @property
    def active(self) -> bool:
        """False once any of the streams has ended by itself."""
        ...

    def start(self) -> None:
        """Let the callbacks run."""
        ...

    def close(self) -> None:
        """Stop and release; safe to call twice. Afterwards the port's memory is no longer touched."""
        ...


@runtime_checkable
class Backend(Protocol):
    """One way to reach sound."""

    name: str
    api_version: int

    def devices(self) -> list[Device]:
        """List the devices, defaults marked.

        Raises:
            LibraryMissingError, PortAudioMissingError: the backend cannot work on this machine.
        """
        ...

    def open(self, port: AudioPort, request: StreamRequest) -> Stream:
        """Open (not start) the streams of `port`, and call `port.attach_input` / `attach_output` with what was taken.

        Raises:
            NoDeviceError, UnknownDeviceError, DeviceBusyError, UnsupportedFormatError, InvalidInputError.
        """
        ...

    def close(self) -> None:
        """Give the library back; every stream must be closed before."""
        ...


@runtime_checkable
class Refreshes(Protocol):
    """What a backend may offer besides: then a session outlives its devices, and follows the system's defaults.

    The class is made without arguments in a short-lived process too, which lists the devices as they are.
    """

    def refresh(self) -> None:
        """See the devices as they are now; every stream must be closed before.

        Raises:
            StreamLostError: the library cannot be started again, at the moment.
        """
        ...


@runtime_checkable
class ProbesRates(Protocol):
    """What a backend may offer besides: `voice devices --probe` asks it."""

    def opens_at(self, device: Device, direction: Direction, rate_hz: int) -> bool:
        """Whether the device really opens at a rate; nothing stays open.

        Raises:
            DeviceBusyError, PermissionDeniedError, StreamLostError: it cannot be opened at all.
        """
        ...
