"""The microphone's and the speaker's PortAudio streams of one port, whichever library opens them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from backends import jack
from backends.platforms import decoded_name, main_host_api
from backends.portaudio import (
    Opening,
    PortAudioFailure,
    block_ms_of,
    check_request,
    close_stream,
    close_within,
    explain,
    forget,
    keep_until_closed,
    kept_running,
    negotiate,
)
from engine.audio.device.matching import find_device
from engine.audio.device.patience import wait_for_sound
from engine.audio.device.sound_server import leading_to
from engine.audio.types import Device, Direction, StreamInfo, StreamRequest, StreamSide

if TYPE_CHECKING:
    from engine.audio.port.audio_port import AudioPort


class OneWayStream(Protocol):
    """A stream in one direction as a library opens it."""

    rate_hz: int
    channels: int
    block_frames: int
    latency_ms: float

    @property
    def active(self) -> bool:
        """True while it runs."""

    def start(self) -> None:
        """Let it run.

        Raises:
            PortAudioFailure: PortAudio refuses.
        """

    def close(self) -> None:
        """Abort and release it."""


OpenAt = Callable[[int, int], OneWayStream]
"""Opens a stream of (rate in Hz, channels), or raises PortAudioFailure."""
Openers = Callable[[Opening], tuple[OpenAt, OpenAt | None]]
"""From what is to be opened to its opener, and that of a rate-converting mode, if any."""


def _told(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A library's words in one spelling: each has its own of PortAudio's names."""
    return {name.lower().replace("_", ""): value for name, value in entry.items()}


def defaults_of(host_apis: Sequence[Mapping[str, Any]], first: int) -> dict[Direction, int]:
    """Return the index of the system's default device of each direction, -1 where there is none.

    Args:
        host_apis: Words of a library on each host API.
        first: Index of the one that PortAudio takes by itself.
    """
    told = _told(host_apis[main_host_api(host_apis, first)]) if host_apis else {}
    return {direction: int(told.get(f"default{direction.value}device", -1)) for direction in Direction}


def listed(index: int, entry: Mapping[str, Any], host_api: str, defaults: Mapping[Direction, int]) -> Device:
    """Return a device from what a library says of it."""
    told = _told(entry)
    return Device(
        index=index,
        name=told["name"] if isinstance(told["name"], str) else decoded_name(told["name"]),
        host_api=host_api,
        max_input_channels=told["maxinputchannels"],
        max_output_channels=told["maxoutputchannels"],
        native_rate_hz=round(told["defaultsamplerate"]),
        low_input_latency_ms=1000 * told["defaultlowinputlatency"],
        high_input_latency_ms=1000 * told["defaulthighinputlatency"],
        low_output_latency_ms=1000 * told["defaultlowoutputlatency"],
        high_output_latency_ms=1000 * told["defaulthighoutputlatency"],
        is_default_input=index == defaults[Direction.INPUT],
        is_default_output=index == defaults[Direction.OUTPUT],
    )


class PortAudioStreams:
    """Both streams, two so that two devices with two rates work like one."""

    def __init__(self, backend: str, port: AudioPort, *, native: bool = True, notes: tuple[str, ...] = ()) -> None:
        self._backend = backend
        self._native = native
        self._port = port
        self._streams: list[tuple[OneWayStream, Device]] = []
        self._sides: dict[Direction, StreamSide] = {}
        self._notes = notes
        self._starting = threading.Lock()
        keep_until_closed(self)

    def open(self, devices: Sequence[Device], request: StreamRequest, openers: Openers) -> None:
        """Open the microphone and the speaker that a request names, each at the rate it likes.

        Args:
            devices: All devices of the backend.
            request: The wanted devices, and the length of a block.
            openers: Openers of one stream, from a device, a direction and a block in ms.

        Raises:
            VoiceError: one cannot be opened; nothing is open then.
        """
        try:
            check_request(request, self._backend)
            names = {Direction.INPUT: request.input, Direction.OUTPUT: request.output}
            chosen = {direction: find_device(devices, names[direction], direction) for direction in request.directions}
            for direction, device in chosen.items():
                with kept_running(self), leading_to(device, direction, lambda: devices) as opened:
                    jack.require_server(opened.host_api)
                    block_ms = block_ms_of(request, direction, opened, devices)
                    opening = Opening(self._port, opened, direction, block_ms)
                    self._add(device, direction, *openers(opening))
        except BaseException:
            self.close()
            raise

    def _add(self, device: Device, direction: Direction, open_at: OpenAt, open_converted: OpenAt | None) -> None:
        stream, note = negotiate(device, direction, open_at, open_converted=open_converted)
        self._streams.append((stream, device))
        attach = self._port.attach_input if direction is Direction.INPUT else self._port.attach_output
        attach(stream.rate_hz, stream.channels)
        self._sides[direction] = StreamSide(
            device.name, stream.rate_hz, stream.channels, stream.block_frames, stream.latency_ms, device.host_api
        )
        self._notes += (note,) if note else ()

    @property
    def info(self) -> StreamInfo:
        """The opened devices, with their rates and blocks."""
        source, target = self._sides.get(Direction.INPUT), self._sides.get(Direction.OUTPUT)
        return StreamInfo(self._backend, self._native, source, target, self._notes)

    @property
    def active(self) -> bool:
        """True while both streams run."""
        return bool(self._streams) and all(stream.active for stream, _ in self._streams)

    def start(self) -> None:
        """Let the blocks flow.

        Raises:
            VoiceError: PortAudio refuses, and the device is named; or the sound system does not answer.
            RestartNeededError: the device is one of a JACK server that has gone.
        """
        wait_for_sound(self._start)

    def _start(self) -> None:
        with self._starting:
            for stream, device in self._streams:
                jack.require_server(device.host_api)  # PortAudio refuses without a reason where it has gone
                try:
                    stream.start()
                except PortAudioFailure as failure:
                    raise explain(failure, device) from failure

    def close(self) -> None:
        """Abort and release both streams; the port is not touched afterwards.

        One after the other: two that JACK closes at once abort the process.
        """
        streams, self._streams = self._streams, []

        def close() -> None:
            with self._starting:  # one that is being started cannot be closed
                for stream, device in streams:
                    close_stream(stream, device.host_api, keep_alive=self._port)
            jack.server_has_gone()  # one that hangs would hold PortAudio's end up: here it is only waited for in vain

        close_within(close, keep_alive=(streams, self._port))
        forget(self)
