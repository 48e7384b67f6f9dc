"""How a device is named on the command line: by index, by exact name, or by words of "name, host API"."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from engine.audio.backend import Device
from engine.errors import NoDeviceError, UnknownDeviceError

_LIST = "Run `voice devices` to see them."


class Direction(Enum):
    """Which way the sound goes."""

    INPUT = "input"
    OUTPUT = "output"

    def channels_of(self, device: Device) -> int:
        """Channels the device has in this direction."""
        return device.max_input_channels if self is Direction.INPUT else device.max_output_channels

    def is_default(self, device: Device) -> bool:
        """Whether the system calls it the default of this direction."""
        return device.is_default_input if self is Direction.INPUT else device.is_default_output


def find_device(devices: Sequence[Device], name: str | None, direction: Direction) -> Device:
    """Return the one device of a direction that a person means.

    Args:
        devices: What the backend lists.
        name: None or "default" for the system's default (else the first); a number for an index; a name; or words,
            in any case and any order, that all occur in "name, host API". An exact name wins over words.
        direction: Only devices with channels in this direction count.

    Raises:
        NoDeviceError: the system has no device of this direction.
        UnknownDeviceError: none fits, or several do; the candidates are listed.

    Example:
        >>> find_device(backend.devices(), "usb alsa", Direction.OUTPUT).name
        'USB Audio'
    """
    usable = [device for device in devices if direction.channels_of(device) > 0]
    if not usable:
        raise NoDeviceError(
            f"This system has no {direction.value} device.",
            fix="Plug one in, or use `--backend virtual` with --input-file.",
        )
    if name is None or name.strip().lower() in ("", "default"):
        return next((device for device in usable if direction.is_default(device)), usable[0])
    matches = _matches(usable, name.strip())
    if len(matches) == 1:
        return matches[0]
    if matches:
        listed = "; ".join(f"{device.index}: {describe(device)}" for device in matches)
        raise UnknownDeviceError(
            f"Several {direction.value} devices match {name!r}: {listed}.", fix="Name one by index."
        )
    raise UnknownDeviceError(f"No {direction.value} device matches {name!r}.", fix=_LIST)


def describe(device: Device) -> str:
    """Name and host API, as names are matched."""
    return f"{device.name}, {device.host_api}"


def _matches(devices: Sequence[Device], name: str) -> list[Device]:
    if name.isdecimal():
        return [device for device in devices if device.index == int(name)]
    exact = [device for device in devices if name in (device.name, describe(device))]
    if exact:
        return exact
    words = name.lower().replace(",", " ").split()
    return [device for device in devices if all(word in describe(device).lower() for word in words)]
