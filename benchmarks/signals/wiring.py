"""Search for an output that is connected with an input: chirps are played on one and listened for on the other."""

from __future__ import annotations

from functools import partial

import numpy as np

from benchmarks.signals.chirp_train import begins_at, starts_of, train
from benchmarks.signals.loopback import Recording, play_and_record
from benchmarks.signals.round_trip import Arrivals, find_chirps
from engine.audio.device.matching import describe, find_device
from engine.audio.device.protocol import Backend
from engine.audio.types import Device, Direction, StreamRequest
from engine.errors import NoDeviceError, VoiceError

_CHIRPS = 3
_AFTER_S = 0.3
"""The longest round trip that is looked for; Bluetooth takes 0.2 s."""
_ALIKE_S = 0.001
"""Largest difference between the round trips of chirps in a row; false finds in noise lie anywhere."""
_NO_PAIR_FIX = "Connect a cable from an output to an input, or turn up a speaker near the microphone, and try again."
_NOT_THIS_FIX = "Connect them by a cable, turn the speaker up, or choose others by --input and --output."


def find_connection(backend: Backend, chosen: StreamRequest) -> tuple[Device, Device]:
    """Return the first output and input that are connected, tried pair by pair in the order of the list.

    Args:
        backend: Of real devices.
        chosen: Names the output and the input; each that it does not name is searched.

    Raises:
        NoDeviceError: no output is heard on any input, or there are none.
        UnknownDeviceError: no device has the name, or several have.
        VoiceError: both are named, and cannot be opened.
    """
    devices = backend.devices()
    outputs = [device for device in devices if Direction.OUTPUT.channels_of(device)]
    inputs = [device for device in devices if Direction.INPUT.channels_of(device)]
    if not outputs or not inputs:
        raise NoDeviceError("A round trip needs an output and an input device.", fix="Plug one in.")
    if chosen.output:
        outputs = [find_device(devices, chosen.output, Direction.OUTPUT)]
    if chosen.input:
        inputs = [find_device(devices, chosen.input, Direction.INPUT)]
    is_named = bool(chosen.output and chosen.input)
    for output in outputs:
        for source in inputs:
            try:
                if (is_named or output.host_api == source.host_api) and _is_heard(backend, output, source):
                    return output, source
            except VoiceError:
                if is_named:
                    raise
    if is_named:
        raise NoDeviceError(f"{describe(outputs[0])} is not heard on {describe(inputs[0])}.", fix=_NOT_THIS_FIX)
    tried = f"{len(outputs)} outputs were played on and {len(inputs)} inputs listened on"
    raise NoDeviceError(f"No pair of devices is connected: {tried}.", fix=_NO_PAIR_FIX)


def _is_heard(backend: Backend, output: Device, source: Device) -> bool:
    """Whether all chirps arrive, one as late as the other.

    Raises:
        VoiceError: the pair cannot be opened, or does not move.
    """
    request = StreamRequest(input=str(source.index), output=str(output.index))
    recording, arrivals = hear_train(backend, request, _CHIRPS, _AFTER_S)
    offsets = arrivals.offsets
    return offsets.size == _CHIRPS and float(np.ptp(offsets)) <= _ALIKE_S * recording.rates_hz[1]


def hear_train(backend: Backend, request: StreamRequest, chirps: int, after_s: float) -> tuple[Recording, Arrivals]:
    """Play a train of chirps on a pair of devices; return the recording, and those that were heard in it.

    Raises:
        VoiceError: the pair cannot be opened, or does not move.
    """
    starts_s = starts_of(chirps)
    recording = play_and_record(backend, request, partial(train, starts_s), float(starts_s[-1]) + 1.0, after_s)
    begins = begins_at(starts_s, recording.rates_hz)
    return recording, find_chirps(recording.samples, begins, recording.rates_hz[1])
