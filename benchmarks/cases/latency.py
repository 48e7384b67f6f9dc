"""`voice bench latency`: the round trip from the speaker's samples to the microphone's, against what devices report.

Through a cable, the air, or a sound server's monitor: the connected pair is found by listening, unless it is named.
Microphone and speaker are opened as a session with `--block-ms` opens them, both with blocks of one length, again and
again, every second time beside threads that keep Python busy. Without it a session's microphone has blocks as long as
what it sends, 20 ms, beside the speaker's of 10 ms.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from benchmarks.case import Case, Interrupted, Once
from benchmarks.report.results import Result
from benchmarks.rigs.loads import spinning
from benchmarks.signals.round_trip import Arrivals, between_rings, steadiness
from benchmarks.signals.wiring import find_connection, hear_train
from benchmarks.timing import quantiles
from engine.audio.device.matching import lasting_name
from engine.audio.device.registry import load_backend
from engine.audio.types import Direction, StreamInfo, StreamRequest
from engine.errors import StreamLostError, VoiceError

BACKENDS = ("sounddevice", "pyaudio")
_FRAMES = (480, 120, 240, 960)
"""At 48 kHz; the speaker's usual one first. Whole halves of a millisecond: PulseAudio counts its steps in microseconds,
and is a frame or more wrong in each where a block is not a whole number of them."""
_RATE_HZ = 48000
_QUICK_S, _FULL_S = 1.2, 24.0
_SHORT_S, _LONG_S = 0.7, 8.0
"""An opening of a few chirps, its closing included; and one long enough to see 1 ppm of drift."""
_SHORT_CHIRPS, _LONG_CHIRPS = 3, 60
_AFTER_S = 0.25
"""The longest round trip."""
_FEWEST_OPENINGS = 2


@dataclass(frozen=True, slots=True)
class Opening:
    """Figures of one opening of the devices."""

    round_trip_ms: float
    arrivals: Arrivals
    info: StreamInfo
    xruns: int
    is_busy: bool
    rate_hz: int
    """Sample rate of the microphone."""


def _find_pair(chosen: StreamRequest) -> StreamRequest:
    """Return the names of a connected pair, found by the first backend that works; all of ours name devices alike.

    Raises:
        VoiceError: what the search ended with.
    """
    reasons: list[VoiceError] = []
    for name in BACKENDS:
        try:
            with contextlib.closing(load_backend(name)) as backend:
                (output, source), devices = find_connection(backend, chosen), backend.devices()
                return StreamRequest(
                    input=lasting_name(devices, source, Direction.INPUT),
                    output=lasting_name(devices, output, Direction.OUTPUT),
                )
        except VoiceError as error:
            reasons.append(error)
    raise reasons[0]


def cases(devices: StreamRequest) -> list[Case]:
    """Each backend of devices with each block length; the quick run takes the usual one.

    Args:
        devices: Names the pair to measure; each side that it does not name is searched.
    """
    # Nobody wants to hear the search for each case.
    pair = Once(partial(_find_pair, devices))
    return [
        Case(
            f"latency/{backend}/{frames}",
            partial(_measure, pair, backend, frames),
            _QUICK_S,
            _FULL_S,
            in_quick=frames == _FRAMES[0],
        )
        for frames in _FRAMES
        for backend in BACKENDS
    ]


def _measure(pair: Once[StreamRequest], backend: str, frames: int, seconds: float) -> Result:
    devices = pair()
    is_long = seconds > 2 * _LONG_S
    count = max(_FEWEST_OPENINGS, round((seconds - is_long * _LONG_S) / _SHORT_S))
    openings: list[Opening] = []
    try:
        # Taken one by one from the generator: those before an interruption stay.
        openings.extend(
            _open_once(devices, backend, frames, _SHORT_CHIRPS, is_busy=number % 2 == 1) for number in range(count)
        )
        if is_long:
            openings.append(_open_once(devices, backend, frames, _LONG_CHIRPS, is_busy=False))
    except KeyboardInterrupt:
        is_enough = len(openings) >= _FEWEST_OPENINGS
        raise Interrupted([_result(devices, backend, openings)] if is_enough else []) from None
    return _result(devices, backend, openings)


def _open_once(devices: StreamRequest, backend_name: str, frames: int, chirps: int, *, is_busy: bool) -> Opening:
    """Open the pair, play a train of chirps, and evaluate what came back.

    Raises:
        VoiceError: the pair cannot be opened, stops, or is not connected any more.
    """
    request = replace(devices, block_ms=1000 * frames / _RATE_HZ)
    with (
        contextlib.closing(load_backend(backend_name)) as backend,
        spinning() if is_busy else contextlib.nullcontext(),
    ):
        recording, arrivals = hear_train(backend, request, chirps, _AFTER_S)
    in_hz = recording.rates_hz[1]
    if not arrivals.offsets.size:
        raise StreamLostError("The chirps were not heard any more.", fix="Check the cable or the volume.")
    ahead = between_rings(recording.played, recording.recorded, recording.rates_hz)
    offset = float(np.median(arrivals.offsets))
    return Opening(
        round_trip_ms=1000 * (offset + ahead) / in_hz,
        arrivals=arrivals,
        info=recording.info,
        xruns=recording.xruns,
        is_busy=is_busy,
        rate_hz=in_hz,
    )


def _result(devices: StreamRequest, backend: str, openings: list[Opening]) -> Result:
    round_trips_ms = [opening.round_trip_ms for opening in openings]
    busy_ms = [opening.round_trip_ms for opening in openings if opening.is_busy]
    longest = max(openings, key=lambda opening: opening.arrivals.offsets.size)
    steady = [steadiness(opening.arrivals) for opening in openings]
    sides = [side for side in (longest.info.input, longest.info.output) if side is not None]
    output = sides[-1]
    return Result(
        "latency",
        f"latency/{backend}/{output.block_frames}",
        "ms",
        quantiles(round_trips_ms),
        extra={
            "measured_ms": round(float(np.median(round_trips_ms)), 3),
            "busy_ms": round(float(np.median(busy_ms)), 3),
            "reported_ms": round(sum(side.latency_ms for side in sides), 3),
            "jitter_ms": _range(round_trips_ms),
            "drift_ppm": round(steadiness(longest.arrivals).drift_ppm, 2),
            "dropped_frames": round(sum(each.dropped_frames for each in steady), 1),
            "added_frames": round(sum(each.added_frames for each in steady), 1),
            "amplitude_ratio": round(longest.arrivals.amplitude_ratio, 4),
            "xruns": sum(opening.xruns for opening in openings),
            "openings": len(openings),
            "round_trips_ms": [round(each, 4) for each in round_trips_ms],
            "rate_hz": longest.rate_hz,
            "block_ms": round(1000 * output.block_frames / output.rate_hz, 3),
            "native": longest.info.native,
            "output": devices.output,
            "input": devices.input,
        },
    )


def _range(values: list[float]) -> float:
    return round(max(values) - min(values), 3)
