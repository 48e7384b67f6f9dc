"""Differences between two lists of devices: arrivals, departures and new defaults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.audio.device.matching import describe
from engine.audio.types import Device, Direction


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
    """The system's default of a direction is another one; None for none."""

    direction: Direction
    before: Device | None
    after: Device | None


_SERVER_NAMES = ("pulse", "pipewire")
_SERVER_CHANNELS = (32, 64)
"""Channels of ALSA's plugins for PulseAudio and PipeWire; `default` of a sound card has as many as the card, or 128
where it mixes."""

Change = Arrived | Left | NewDefault


def default_of(devices: Sequence[Device], direction: Direction) -> Device | None:
    """The device the system calls its default, if any."""
    usable = (device for device in devices if direction.channels_of(device) > 0)
    return next((device for device in usable if direction.is_default(device)), None)


def sound_server_device(devices: Sequence[Device]) -> Device | None:
    """The device that is a whole sound server (PulseAudio, PipeWire): what changes behind it no list shows.

    ALSA's plugins for the two offer as many channels as the server could mix, and a sound card's `default` others.
    """
    return next(filter(_is_sound_server, devices), None)


def _is_sound_server(device: Device) -> bool:
    channels = max(device.max_input_channels, device.max_output_channels)
    named = device.name in _SERVER_NAMES or (device.name == "default" and channels in _SERVER_CHANNELS)
    return named and device.host_api == "ALSA"


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
    for direction in Direction:
        was, now = default_of(before, direction), default_of(after, direction)
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
