"""`voice devices pick`: walks through the devices while each is heard or measured, until the person takes one."""

from __future__ import annotations

import time
from collections.abc import Sequence

from blessed import Terminal
from rich.console import Console
from rich.live import Live
from rich.text import Text

from cli.devices.menu import Choice, DeviceMenu
from cli.errors import on_command_line
from cli.language.spoken import translated
from cli.terminal.level_meter import bar
from engine.audio.device.protocol import Backend
from engine.audio.soundcheck.audition import Audition
from engine.audio.types import Device, Direction, StreamRequest
from engine.errors import VoiceError

_POLL_S = 0.05
_REST_S = 0.15
"""A highlight that rests so long is opened; those it passes by on its way are not."""
_LEAVE, _TAKE = ("q", "KEY_ESCAPE"), "KEY_ENTER"
_HELP = "Arrows or number: choose; Enter: take it; q: leave everything as it was."
_HEADINGS = {
    Direction.INPUT: "Microphone: speak, and see whether the level moves.",
    Direction.OUTPUT: "Speaker: a tone sounds on the highlighted one.",
}


class PickCancelledError(Exception):
    """The person wants no change."""


class DevicePicker:
    """Asks for one device after the other on the same terminal."""

    def __init__(self, backend: Backend, devices: Sequence[Device], terminal: Terminal, console: Console) -> None:
        self._backend = backend
        self._devices = devices
        self._terminal = terminal
        self._console = console
        self._opened: Choice | None = None
        self._trouble: VoiceError | None = None
        self._refused = False
        """Whether the person wanted to take what cannot be opened."""

    def pick(self, direction: Direction, configured: str | None, microphone: Choice | None = None) -> Choice:
        """Ask for a device of one direction.

        Args:
            direction: Which.
            configured: What is highlighted first.
            microphone: The one whose level is shown while the speaker is chosen.

        Raises:
            PickCancelledError: the person left.
            NoDeviceError: there is none to choose from.
        """
        menu = DeviceMenu(self._devices, direction, configured)
        self._turn_to(None)
        pressed_at_s = -1.0
        with (
            Audition(self._backend) as audition,
            Live(console=self._console, auto_refresh=False, transient=True) as live,
        ):
            while True:
                level_db = self._service(audition)
                live.update(self._view(menu, direction, level_db), refresh=True)
                key = self._next_key()
                now_s = time.monotonic()
                if key in _LEAVE:
                    raise PickCancelledError
                if key not in ("", _TAKE):
                    menu.press(key, now_s)
                    pressed_at_s = now_s
                elif menu.highlighted != self._opened and (key == _TAKE or now_s - pressed_at_s >= _REST_S):
                    self._open(audition, menu.highlighted, direction, microphone)
                if key == _TAKE:
                    if self._trouble is None:
                        return menu.highlighted
                    self._refused = True

    def _next_key(self) -> str:
        """Return the name or the character of a key; "" where none is pressed for a while."""
        try:
            key = self._terminal.inkey(timeout=_POLL_S, esc_delay=_POLL_S)
        except (EOFError, OSError):  # the terminal is gone
            return "q"
        return key.name or str(key)

    def _turn_to(self, choice: Choice | None) -> None:
        self._opened, self._trouble, self._refused = choice, None, False

    def _open(self, audition: Audition, choice: Choice, direction: Direction, microphone: Choice | None) -> None:
        if direction is Direction.INPUT:
            request = StreamRequest(input=choice.asked_as, output="default")
        else:
            request = StreamRequest(input=microphone.asked_as if microphone else "default", output=choice.asked_as)
        self._turn_to(choice)
        try:
            audition.open(request, tone=direction is Direction.OUTPUT)
        except VoiceError as error:
            self._trouble = error

    def _service(self, audition: Audition) -> float:
        try:
            return audition.service()
        except VoiceError as error:
            self._trouble = error
            return float("-inf")

    def _view(self, menu: DeviceMenu, direction: Direction, level_db: float) -> Text:
        size = self._console.size
        below = ["", *filter(None, (menu.trouble,)), *self._status(level_db), _HELP]
        return menu.render(_HEADINGS[direction], below, size.width, size.height)

    def _status(self, level_db: float) -> list[str]:
        if self._trouble is None:
            return [f"{translated('microphone')} {bar(level_db).plain}"]
        refusal = translated("Not taken: ") if self._refused else ""
        return [f"{refusal}{self._trouble.message}", on_command_line(self._trouble.fix)]
