"""Matching of devices: by index, by exact name, or by words of "name, host API"; and by what name it is kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from engine.audio.platforms import WASAPI
from engine.audio.types import FILES, SOUND_SERVERS, Device, Direction
from engine.errors import Advice, NoDeviceError, UnknownDeviceError

_MOST_LISTED = 6
_TWIN = re.compile(r"(?P<name>.+) #(?P<number>[1-9]\d?)")
_ALSA_CARD = re.compile(r"\(hw:\d+,(\d+)\)")
"""ALSA numbers its cards in the order in which they were plugged in."""
_WINDOWS_SOCKET = re.compile(r"\(\d+- ")
"""Windows calls a device that was moved to another USB socket "Microphone (2- USB Audio)"."""


def find_device(devices: Sequence[Device], name: str | None, direction: Direction) -> Device:
    """Return the one device of a direction that a person means.

    Args:
        devices: The devices that the backend lists.
        name: None or "default" for the system's default (else the first); a number for an index; a name, or
            "name, host API", as it is or as it was before the device was plugged in again; or words, in any case and
            any order, that all occur in "name, host API". What is nearer to the exact name wins, then a device of its
            own before one of the sound server's, and on Windows, which lists one device under several host APIs, that
            of WASAPI.
        direction: Only devices with channels in this direction count.

    Raises:
        NoDeviceError: the system has no device of this direction.
        UnknownDeviceError: the name is empty, none fits, or several do; the candidates are listed.

    Example:
        >>> headset = Device(0, "USB Headset", "ALSA", 1, 2, 48000)
        >>> speaker = Device(1, "HDMI", "ALSA", 0, 8, 48000, is_default_output=True)
        >>> [find_device([headset, speaker], name, Direction.OUTPUT).name for name in (None, "headset alsa", "0")]
        ['HDMI', 'USB Headset', 'USB Headset']
    """
    usable = [device for device in devices if direction.channels_of(device) > 0]
    if not usable:
        raise no_device(direction)
    if name is None or name.strip().lower() == "default":
        return next((device for device in usable if direction.is_default(device)), usable[0])
    if not name.strip():
        raise UnknownDeviceError(
            f"The name of the {direction.value} device is empty.",
            fix="Leave it out, or write default, for the default device.",
        )
    matches = _matches([device for device in usable if device.host_api not in SOUND_SERVERS], name.strip())
    matches = matches or _matches(usable, name.strip())
    matches = [device for device in matches if device.host_api == WASAPI] or matches
    if len(matches) == 1:
        return matches[0]
    if matches:
        listed = "; ".join(f"{device.index}: {describe(device)}" for device in matches)
        raise UnknownDeviceError(
            f"Several {direction.value} devices match {name!r}: {listed}.",
            fix="Name one by its index, or with more words of its name and host API.",
        )
    listed = "; ".join(map(describe, usable[:_MOST_LISTED]))
    are_files = all(device.host_api == FILES for device in usable)
    fix = "Use `input_file=` and `output_file=` with it." if are_files else Advice.DEVICES
    raise UnknownDeviceError(
        f"No {direction.value} device matches {name!r}.",
        fix=f"{'There are' if len(usable) <= _MOST_LISTED else 'Among others there are'}: {listed}. {fix}",
    )


def no_device(direction: Direction) -> NoDeviceError:
    """Return the error where nothing is listed in a direction."""
    return NoDeviceError(f"This system has no {direction.value} device.", fix="Plug one in, or start the sound server.")


def describe(device: Device) -> str:
    """Name and host API, as names are matched."""
    return f"{device.name}, {device.host_api}"


def lasting_name(devices: Sequence[Device], device: Device, direction: Direction) -> str:
    """Return the name by which `find_device` finds this device in another session, whatever its index will be.

    It is "name, host API"; one of several devices that are called the same has a number behind it, in the order of
    the list.

    Args:
        devices: All devices of the backend.
        device: One of them.
        direction: Devices without channels in this direction are not counted.

    Example:
        >>> twins = [Device(index, "USB Audio", "ALSA", 1, 0, 48000) for index in (3, 5)]
        >>> lasting_name(twins, twins[1], Direction.INPUT)
        'USB Audio, ALSA #2'
    """
    name = describe(device)
    twins = [twin for twin in devices if direction.channels_of(twin) > 0 and describe(twin) == name]
    return f"{name} #{twins.index(device) + 1}" if len(twins) > 1 else name


def _matches(devices: Sequence[Device], name: str) -> list[Device]:
    if name.isdecimal():
        return [device for device in devices if device.index == int(name)]
    for alike in (_exactly, _as_numbered_twin, _as_plugged_in_before, _in_words):
        found = alike(devices, name)
        if found:
            return found
    return []


def _exactly(devices: Sequence[Device], name: str, same: Callable[[str], str] = str) -> list[Device]:
    return [device for device in devices if same(name) in (same(device.name), same(describe(device)))]


def _as_numbered_twin(devices: Sequence[Device], name: str) -> list[Device]:
    numbered = _TWIN.fullmatch(name)
    if numbered is None:
        return []
    twins = _exactly(devices, numbered["name"]) or _as_plugged_in_before(devices, numbered["name"])
    return twins[int(numbered["number"]) - 1 :][:1]


def _as_plugged_in_before(devices: Sequence[Device], name: str) -> list[Device]:
    return _exactly(devices, name, _without_its_place)


def _without_its_place(name: str) -> str:
    """The name less what says where the device is plugged in, and less the difference of case."""
    return _WINDOWS_SOCKET.sub("(", _ALSA_CARD.sub(r"(hw:*,\1)", name)).casefold()


def _in_words(devices: Sequence[Device], name: str) -> list[Device]:
    words = name.casefold().replace(",", " ").split()
    return [device for device in devices if all(word in describe(device).casefold() for word in words)]
