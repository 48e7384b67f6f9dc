"""Records the quiet room and a sweep through an open pair of devices: what `diagnosis` looks at."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from engine.audio.device.blame import devices_of
from engine.audio.device.matching import find_device
from engine.audio.device.open_stream import OpenStream
from engine.audio.device.protocol import Backend
from engine.audio.port.audio_port import AudioPort
from engine.audio.port.stats import StreamStats
from engine.audio.soundcheck.diagnosis import Side, SoundCheck
from engine.audio.soundcheck.ring_clock import RingClock
from engine.audio.soundcheck.sweep import Sweep
from engine.audio.types import Device, Direction, StreamInfo, StreamRequest, StreamSide
from engine.dsp.meter import meter
from engine.errors import StreamLostError

_SETTLE_S = 0.3
"""Not looked at: microphones click and fade in when they are switched on."""
_QUIET_S = 1.5
_TAIL_S = 1.0
"""For what is late: Bluetooth speakers by 0.3 s."""
_POLL_S = 0.05
_PATIENCE_S = 3.0
"""Without a single frame; waking a Bluetooth microphone takes up to two seconds."""


class Stage(StrEnum):
    """The stage of a recording."""

    QUIET = "the quiet room"
    SWEEP = "the sweep"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A sound check, what it was opened with, and what was counted."""

    check: SoundCheck
    info: StreamInfo
    stats: StreamStats


def record_sound_check(
    backend: Backend,
    request: StreamRequest,
    *,
    opened: Callable[[StreamInfo], None],
    on_level: Callable[[Stage, float], None],
) -> Recorded:
    """Listen to the room, play a sweep and record it; takes six seconds.

    Args:
        backend: Opens the devices; they are closed again.
        request: The devices.
        opened: Called once with what was opened.
        on_level: Called some twenty times a second with the peak of the microphone in dBFS.

    Raises:
        StreamLostError: the microphone delivers nothing, or a stream ended by itself.
        VoiceError: whatever the backend's `open` and `start` raise.
    """
    devices = devices_of(backend)
    port = AudioPort()
    stream = OpenStream(backend, port, request)
    try:
        info = stream.info
        assert port.playback is not None and info.input is not None and info.output is not None
        opened(info)
        sweep = Sweep.for_rate(info.output.rate_hz)
        stream.start()
        room = _record(port, _SETTLE_S + _QUIET_S, lambda level_db: on_level(Stage.QUIET, level_db))
        assert port.capture is not None
        heard_from = port.capture.tail
        clock = RingClock(port)

        def hear(level_db: float) -> None:
            clock.sample()
            on_level(Stage.SWEEP, level_db)

        port.playback.put(sweep.samples(info.output.rate_hz))
        heard = _record(port, sweep.seconds + _TAIL_S, hear)
        stats = port.stats()
    finally:
        stream.close()
    check = SoundCheck(
        quiet=room[-round(_QUIET_S * info.input.rate_hz) :],
        heard=heard,
        sweep=sweep,
        microphone=_side(info.input, find_device(devices, request.input, Direction.INPUT)),
        speaker=_side(info.output, find_device(devices, request.output, Direction.OUTPUT)),
        played_at_s=None if clock.ahead_s is None else -clock.ahead_s - heard_from / info.input.rate_hz,
    )
    return Recorded(check, info, stats)


def _side(side: StreamSide, device: Device) -> Side:
    return Side(side.device, side.rate_hz, device.native_rate_hz, side.host_api)


def _record(port: AudioPort, seconds: float, on_level: Callable[[float], None]) -> NDArray[np.float32]:
    """The next seconds of the microphone, by its own clock."""
    assert port.capture is not None
    wanted = round(seconds * port.input_rate_hz)
    parts: list[NDArray[np.float32]] = []
    pause = threading.Event()
    quiet_polls = 0
    while wanted > 0:
        pause.wait(_POLL_S)
        frames = port.capture.get(min(wanted, port.input_rate_hz // 2))
        quiet_polls = 0 if frames.size else quiet_polls + 1
        if port.finished or quiet_polls * _POLL_S > _PATIENCE_S:
            raise port.failure or StreamLostError(
                "The microphone delivers no sound at all.",
                fix="Plug it in again, restart the sound server, or name another with `input=`.",
            )
        wanted -= frames.size
        parts.append(frames)
        on_level(meter(frames).peak_db if frames.size else -math.inf)
    return np.concatenate(parts)
