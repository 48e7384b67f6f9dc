"""Asks devices which rates they really open at: what a driver reports is often only what it was asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.audio.device.blame import blaming
from engine.audio.device.protocol import ProbesRates
from engine.audio.types import Device, Direction
from engine.errors import VoiceError

PROBED_RATES_HZ = (8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000, 176400, 192000)


@dataclass(frozen=True, slots=True)
class OpenRates:
    """The rates at which one side of a device opened."""

    device: Device
    direction: Direction
    rates_hz: tuple[int, ...]
    trouble: str = ""
    """Why it could not be asked, such as that another program holds it."""


def probe_rates(backend: ProbesRates, devices: Sequence[Device]) -> Iterator[OpenRates]:
    """Open each side of each device at each rate and close it again; what is known so far is yielded as it comes.

    Args:
        backend: Opens them.
        devices: As it lists them.
    """
    for device in devices:
        for direction in Direction:
            if direction.channels_of(device) > 0:
                yield _probe(backend, device, direction)


def _probe(backend: ProbesRates, device: Device, direction: Direction) -> OpenRates:
    opened: list[int] = []
    for rate_hz in PROBED_RATES_HZ:
        try:
            with blaming(backend):
                if backend.opens_at(device, direction, rate_hz):
                    opened.append(rate_hz)
        except VoiceError as error:
            return OpenRates(device, direction, tuple(opened), error.message)
    return OpenRates(device, direction, tuple(opened))
