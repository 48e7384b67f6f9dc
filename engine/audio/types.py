"""Devices, directions and streams as values: the words that every room of the audio engine shares."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path


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


SOUND_SERVERS = ("PulseAudio", "PipeWire")
"""Host APIs of devices that a sound server has, behind the one that stands for the whole server."""
FILES = "files"
"""Host API of what stands in place of devices where files are played and written."""


class Direction(Enum):
    """The direction of the sound: from a microphone or to a speaker."""

    INPUT = "input"
    OUTPUT = "output"

    def channels_of(self, device: Device) -> int:
        """Channels the device has in this direction."""
        return device.max_input_channels if self is Direction.INPUT else device.max_output_channels

    def is_default(self, device: Device) -> bool:
        """Whether the system calls it the default of this direction."""
        return device.is_default_input if self is Direction.INPUT else device.is_default_output


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """A session's request to a backend; `None` leaves the choice to the device.

    `input` and `output` name devices as `find_device` reads them. The files are for backends that play from and record
    to files (`virtual`); a backend of real devices refuses them.
    """

    input: str | None = None
    output: str | None = None
    input_file: Path | None = None
    output_file: Path | None = None
    block_ms: float | None = None
    """Length of a block of either device."""
    directions: tuple[Direction, ...] = tuple(Direction)
    """The directions to open; a backend that knows only pairs opens both."""
    sent_block_ms: float | None = None
    """Length of the blocks that are sent. Without `block_ms` a device may deliver blocks as long: none would
    be sent sooner from shorter ones, and each costs two threads a wake-up."""


@dataclass(frozen=True, slots=True)
class StreamSide:
    """One direction of a stream, as it was opened."""

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
    """The streams of a port, as they were opened, for people and for the session's arithmetic."""

    backend: str
    native: bool
    """True where no Python runs on the audio thread."""
    input: StreamSide | None
    output: StreamSide | None
    notes: tuple[str, ...] = field(default=())
    """Sentences for the person: why the backend is degraded, which rate was taken instead of the device's own."""


@dataclass(frozen=True, slots=True)
class ProcessingReport:
    """Processing of the microphone so far."""

    processors: tuple[str, ...] = ()
    """Those in use; none where the microphone goes out as it is."""
    erle_db: float | None = None
    """Echo return loss enhancement of the latest seconds in which the speaker sounded, where echo is cancelled."""
    echo_db: float | None = None
    """Level of the microphone against the speaker's signal in those seconds, before the processing."""


@dataclass(frozen=True, slots=True)
class PlaybackStats:
    """Evenness of the answers' arrival, and what was done about it."""

    late_starts: int = 0
    """Answers that waited for the playout delay though their first audio was there."""
    late_start_ms: int = 0
    """The time they waited, in all."""
    underruns: int = 0
    """Number of times an answer ran dry."""
    underrun_ms: int = 0
    """Silence in the middle of answers, in all."""
    playout_delay_ms: int = 0
    """The playout delay of the next answer."""
