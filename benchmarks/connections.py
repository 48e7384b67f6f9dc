"""Finds which output is connected with which input: plays noise of its own on each output, listens on each input."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmarks.loopback import Loopback, opened
from benchmarks.probe import CODE_S, Signal, code, find
from engine.audio.backend import Backend, Device, StreamRequest
from engine.audio.devices import Direction, describe, find_device
from engine.errors import NoDeviceError, VoiceError

_BEFORE_S = 0.1
"""A stream's first blocks come in a burst."""
_AFTER_S = 0.3
"""The longest round trip that is looked for; Bluetooth takes 0.2 s."""
_CLEAR = 12.0
"""Peak over mean of a correlation; noise alone reaches 5, and a code among others 6."""
_ROUNDS = 8
"""At most so many: where every device refuses to be open beside another one, pairs would take minutes."""
_OPEN_S = 2 * (CODE_S + _AFTER_S)
_NO_PAIR_FIX = "Connect a cable from an output to an input, or turn up a speaker near the microphone, and try again."
_NOT_THIS_FIX = "Connect them by a cable, turn the speaker up, or choose others by --input and --output."


@dataclass(frozen=True, slots=True)
class Connection:
    """An output that is heard on an input."""

    output: Device
    input: Device
    clearness: float


@dataclass(slots=True)
class _Open:
    """A pair of devices that is open in this round."""

    output: Device
    input: Device
    loopback: Loopback
    plays: bool
    """False where the output was opened once more only for its input's sake."""


def find_connection(backend: Backend, chosen: StreamRequest) -> Connection:
    """Return the clearest connection; of equals, the one whose devices are listed first.

    All devices of a host API are opened at once; those that refuse to be open together are tried in further rounds.
    Where both devices are named, nothing else is opened.

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
    if chosen.output and chosen.input:
        return _connection_of(backend, outputs[0], inputs[0])
    found: list[Connection] = []
    for host_api in dict.fromkeys(device.host_api for device in outputs):
        of_it = [[device for device in some if device.host_api == host_api] for some in (outputs, inputs)]
        found += _search(backend, *of_it)
    if not found:
        tried = f"{len(outputs)} outputs were played on and {len(inputs)} inputs listened on"
        raise NoDeviceError(f"No pair of devices is connected: {tried}.", fix=_NO_PAIR_FIX)
    return max(found, key=lambda connection: round(connection.clearness, -1))


def _connection_of(backend: Backend, output: Device, source: Device) -> Connection:
    """Listen whether this pair is connected."""
    with opened(backend, StreamRequest(input=str(source.index), output=str(output.index)), _OPEN_S) as loopback:
        found = _listen([_Open(output, source, loopback, plays=True)])
    if not found:
        raise NoDeviceError(f"{describe(output)} is not heard on {describe(source)}.", fix=_NOT_THIS_FIX)
    return found[0]


def _search(backend: Backend, outputs: Sequence[Device], inputs: Sequence[Device]) -> list[Connection]:
    """Play and listen until every pair has been tried, or nothing more can be opened."""
    pairs = [(output, source) for output in outputs for source in inputs]
    found: list[Connection] = []
    for _ in range(_ROUNDS):
        if not pairs:
            break
        with contextlib.ExitStack() as streams:
            together, refused = _open_together(backend, pairs, streams)
            found += _listen(together)
        playing = {each.output for each in together if each.plays}
        listening = {each.input for each in together}
        tried = {(output, source) for output in playing for source in listening}
        if not together:
            tried = refused
        pairs = [pair for pair in pairs if pair not in tried]
    return found


def _open_together(
    backend: Backend, pairs: Sequence[tuple[Device, Device]], streams: contextlib.ExitStack
) -> tuple[list[_Open], set[tuple[Device, Device]]]:
    """Open pairs until every output and every input is open that can be; also return those that refused."""
    together: list[_Open] = []
    refused: set[tuple[Device, Device]] = set()
    playing: set[Device] = set()
    listening: set[Device] = set()
    for output, source in pairs:
        if output in playing and source in listening:
            continue
        request = StreamRequest(input=str(source.index), output=str(output.index))
        try:
            loopback = streams.enter_context(opened(backend, request, _OPEN_S))
        except VoiceError:
            refused.add((output, source))
            continue
        together.append(_Open(output, source, loopback, plays=output not in playing))
        playing.add(output)
        listening.add(source)
    return together, refused


def _listen(together: Sequence[_Open]) -> list[Connection]:
    """Play all codes at once, and look for each in each recording."""
    if not together:
        return []
    for number, each in enumerate(together):
        with contextlib.suppress(VoiceError):  # a device that opens and does not start is heard nowhere
            each.loopback.start(partial(_signal, number if each.plays else None))
    time.sleep(_BEFORE_S + CODE_S + _AFTER_S)
    found = []
    for source, loopback in {each.input: each.loopback for each in together}.items():
        recording, rate_hz = loopback.heard(), loopback.rates_hz[1]
        for number, player in enumerate(together):
            probe = code(number, rate_hz)
            if player.plays and recording.size > probe.size:
                clearness = find(probe, recording).clearness
                if clearness >= _CLEAR:
                    found.append(Connection(player.output, source, clearness))
    return found


def _signal(number: int | None, rate_hz: int) -> Signal:
    """A pause and the code of a number; only the pause where there is none."""
    pause = np.zeros(round(_BEFORE_S * rate_hz), np.float32)
    return pause if number is None else np.concatenate([pause, code(number, rate_hz)])
