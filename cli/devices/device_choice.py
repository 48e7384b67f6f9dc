"""`/devices`: another microphone or another speaker while the conversation goes on."""

from __future__ import annotations

import time

from rich.text import Text

from cli.devices.menu import DeviceMenu
from engine.api.session import Session
from engine.audio.device.matching import describe
from engine.audio.types import Direction

_HEADINGS = {Direction.INPUT: "Microphone of this conversation:", Direction.OUTPUT: "Speaker of this conversation:"}
_HELP = "Arrows or number: choose; Enter: take it; Esc: leave it as it is."
_MOST_ROWS = 12


class DeviceChoice:
    """Asks for one direction after the other; the present device is highlighted."""

    def __init__(self, session: Session) -> None:
        """Begin with the microphone.

        Raises:
            NoDeviceError: the session's backend lists none.
        """
        self._session = session
        stream = session.monitor.stream
        sides = {Direction.INPUT: stream.input, Direction.OUTPUT: stream.output}
        self._menus: list[tuple[Direction, DeviceMenu]] = []
        for direction, side in sides.items():
            if side is not None:
                name = f"{side.device}, {side.host_api}"
                devices = session.monitor.devices
                present = next((str(device.index) for device in devices if describe(device) == name), None)
                self._menus.append((direction, DeviceMenu(devices, direction, present)))

    def take(self, key: str) -> bool:
        """Do what a key means; False once nothing is left to ask.

        Raises:
            VoiceError: the device cannot be taken.
        """
        direction, menu = self._menus[0]
        if key not in ("KEY_ENTER", "KEY_ESCAPE"):
            menu.press(key, time.monotonic())
            return True
        if key == "KEY_ESCAPE":
            return False
        del self._menus[0]
        number = menu.highlighted.number
        self._session.monitor.use(direction, None if number is None else str(number))
        return bool(self._menus)

    def lines(self, columns: int, rows: int) -> list[Text]:
        """Return the list for a terminal of that size."""
        direction, menu = self._menus[0]
        shown = menu.render(_HEADINGS[direction], ["", _HELP], columns, min(_MOST_ROWS, rows - 4))
        return list(shown.split("\n"))
