"""Differences between two lists of devices: arrivals, departures and new defaults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from engine.audio.device.matching import describe
from engine.audio.types import SOUND_SERVERS, Device, Direction


@dataclass(frozen=True, slots=True)
class Arrived:
    """A device is there that was not."""

    device: Device


@dataclass(frozen=True, slots=True)
class Left:
    """A device is no longer there."""

    device: Device


@dataclass(frozen=True, slots=True)
class NewDefault:
    """The default of a direction, the system's or the sound server's, is another one; None for none."""

    direction: Direction
    before: Device | None
    after: Device | None


Change = Arrived | Left | NewDefault


def default_of(devices: Sequence[Device], direction: Direction) -> Device | None:
    """The device the system calls its default, if any."""
    usable = (device for device in devices if direction.channels_of(device) > 0)
    return next((device for device in usable if direction.is_default(device)), None)


def changes(before: Sequence[Device], after: Sequence[Device]) -> list[Change]:
    """Everything that differs; devices are told apart by name, host API and their number among equals.

    Example:
        >>> lamp, headset = Device(0, "HDMI", "ALSA", 0, 2, 48000), Device(1, "USB Headset", "ALSA", 1, 2, 48000)
        >>> [change.device.name for change in changes([lamp], [lamp, headset])]
        ['USB Headset']
    """
    old, new = _by_identity(before), _by_identity(after)
    found: list[Change] = [Left(device) for key, device in old.items() if key not in new]
    found += [Arrived(device) for key, device in new.items() if key not in old]
    for direction, is_servers in product(Direction, (False, True)):
        was, now = (
            default_of([device for device in devices if (device.host_api in SOUND_SERVERS) is is_servers], direction)
            for devices in (before, after)
        )
        if (was and describe(was)) != (now and describe(now)):
            found.append(NewDefault(direction, was, now))
    return found


def _by_identity(devices: Sequence[Device]) -> dict[tuple[str, int], Device]:
    """Two sound cards of one make are told apart by which comes first."""
    found: dict[tuple[str, int], Device] = {}
    for device in devices:
        name = describe(device)
        found[name, sum(key[0] == name for key in found)] = device
    return found
