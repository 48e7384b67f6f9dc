"""A probe asks each side of each device once for each rate, and goes on after one that cannot be asked."""

from __future__ import annotations

from engine.audio.device.protocol import ProbesRates
from engine.audio.device.rate_probe import PROBED_RATES_HZ, OpenRates, probe_rates
from engine.audio.types import Device, Direction
from engine.errors import DeviceBusyError

HEADSET = Device(0, "Headset", "ALSA", 1, 2, 16000)
BUSY = Device(1, "Busy", "ALSA", 0, 2, 48000)
SPEAKER = Device(2, "Speaker", "ALSA", 0, 2, 48000)


class Stubborn:
    """The headset records at 16 kHz only; one device is held by another program."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, Direction, int]] = []

    def opens_at(self, device: Device, direction: Direction, rate_hz: int) -> bool:
        self.asked.append((device.index, direction, rate_hz))
        if device is BUSY:
            raise DeviceBusyError("Busy, ALSA cannot be opened.")
        return direction is Direction.OUTPUT or rate_hz == 16000


def test_every_side_is_asked_and_a_busy_device_only_once() -> None:
    backend = Stubborn()
    assert isinstance(backend, ProbesRates)
    assert list(probe_rates(backend, [HEADSET, BUSY, SPEAKER])) == [
        OpenRates(HEADSET, Direction.INPUT, (16000,)),
        OpenRates(HEADSET, Direction.OUTPUT, PROBED_RATES_HZ),
        OpenRates(BUSY, Direction.OUTPUT, (), "Busy, ALSA cannot be opened."),
        OpenRates(SPEAKER, Direction.OUTPUT, PROBED_RATES_HZ),
    ]
    assert len(backend.asked) == 3 * len(PROBED_RATES_HZ) + 1
