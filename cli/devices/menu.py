"""A list of devices of which one is highlighted: what keys do to it, and how it looks."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from cli.devices.selection import find_configured
from cli.language.spoken import translated
from cli.terminal.sanitize import printable
from engine.audio.device.matching import describe, find_device, lasting_name
from engine.audio.types import Device, Direction

_NUMBER_S = 1.0
"""Digits that follow each other within this time are one number."""

_LEAST_ROOM = 3
"""Lines of the list that are always shown: the highlighted one and its neighbours."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of the list."""

    number: int | None
    """The device's index; None for the system's default."""
    label: str
    kept_as: str
    """Value for the configuration: a name that lasts, or "default"."""

    @property
    def asked_as(self) -> str:
        """Name by which the backend is asked for it now."""
        return "default" if self.number is None else str(self.number)


def choices_of(devices: Sequence[Device], direction: Direction) -> list[Choice]:
    """The system's default, then every device of the direction."""
    default = find_device(devices, None, direction)
    first = Choice(None, translated(f"the system's default, whatever it is (now {describe(default)})"), "default")
    usable = [device for device in devices if direction.channels_of(device) > 0]
    return [
        first,
        *(Choice(device.index, describe(device), lasting_name(devices, device, direction)) for device in usable),
    ]


class DeviceMenu:
    """The list and its highlight."""

    def __init__(self, devices: Sequence[Device], direction: Direction, configured: str | None) -> None:
        """Highlight the configured device, or the default where it is none of the list.

        Raises:
            NoDeviceError: there is no device of this direction.
        """
        self.choices = choices_of(devices, direction)
        self._at = 0
        self._digits = ""
        self._digit_at_s = 0.0
        found = find_configured(devices, configured, direction)
        self.trouble = found.trouble
        """Why the configured device is not highlighted, where it is not here."""
        if found.device is not None:
            self._at = [choice.number for choice in self.choices].index(found.device.index)

    @property
    def highlighted(self) -> Choice:
        """The choice that Enter would take."""
        return self.choices[self._at]

    def press(self, key: str, at_s: float) -> None:
        """Move the highlight by an arrow, or to the device of a number; other keys do nothing."""
        if key in ("KEY_UP", "k"):
            self._at = (self._at - 1) % len(self.choices)
        elif key in ("KEY_DOWN", "j"):
            self._at = (self._at + 1) % len(self.choices)
        elif key.isdecimal():
            self._digits = key if at_s - self._digit_at_s > _NUMBER_S else self._digits + key
            self._digit_at_s = at_s
            numbers = [choice.number for choice in self.choices]
            if int(self._digits) in numbers:
                self._at = numbers.index(int(self._digits))

    def render(self, heading: str, below: Sequence[str], width: int, height: int) -> Text:
        """The heading, as much of the list around the highlight as fits, and below it the lines, wrapped.

        A name that is wider than the screen is whole below the list once it is highlighted, if there is room.
        """
        wrapped = _wrapped(below, width)
        if len(self._line(self._at)) >= width:
            name = _wrapped([self.highlighted.label], width)
            wrapped = name + wrapped if len(name) + len(wrapped) + _LEAST_ROOM + 3 <= height else wrapped
        room = max(_LEAST_ROOM, height - len(wrapped) - 3)
        first = max(0, min(self._at - room // 2, len(self.choices) - room))
        text = Text(f"{translated(heading)}\n", no_wrap=True)
        for at in range(first, min(first + room, len(self.choices))):
            text.append(f"{self._line(at)[: width - 1]}\n", style="bold reverse" if at == self._at else "")
        for row in wrapped:
            text.append(f"{row}\n")
        return text

    def _line(self, at: int) -> str:
        choice = self.choices[at]
        number = "" if choice.number is None else str(choice.number)
        return f"{'>' if at == self._at else ' '} {number:>3}  {printable(choice.label)}"


def _wrapped(lines: Sequence[str], width: int) -> list[str]:
    return [row for line in lines for row in textwrap.wrap(printable(translated(line)), width - 1) or [""]]
