"""Commands that a person can type or press during a conversation: their words, and what a typed line does."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from enum import StrEnum

from rich.text import Text

from cli.language.spoken import translated, word
from cli.terminal.sanitize import printable
from cli.view.screen import Screen
from engine.api.session import Session
from engine.errors import InvalidInputError


class Command(StrEnum):
    """A line that begins with a slash."""

    HELP = "/help"
    MUTE = "/mute"
    VOLUME = "/volume"
    DEVICES = "/devices"
    QUIT = "/quit"


_HELP = {
    "Enter": "send what is typed",
    "Esc": "silence the agent",
    "Tab, /mute": "mute and unmute the microphone",
    "Up, Down": "volume, on an empty line; else earlier lines",
    "/volume DB": "set the volume, such as /volume -6",
    "Space": "talk, while held or between two taps",
    "/devices": "choose the microphone and the speaker",
    "F1, /help": "this list",
    "Ctrl+C, Ctrl+D, /quit": "end the conversation",
}


_TYPED = {
    "/mute": _HELP["Tab, /mute"],
    "/volume DB": _HELP["/volume DB"],
    "/help": _HELP["F1, /help"],
    "/quit, Ctrl+D": _HELP["Ctrl+C, Ctrl+D, /quit"],
}
"""Without a live screen."""
_TWO_COLUMNS = 72
"""Columns of a terminal in which keys and the words about them stand side by side."""
ENDED = "ended by the user"
UNREAD_S = 0.5
"""A question that has just appeared was not read: what is pressed so soon was meant for something else."""


class LineCommands:
    """Does what a typed line says: a command, or words for the agent."""

    def __init__(self, session: Session, screen: Screen, choose_devices: Callable[[], object] | None = None) -> None:
        """Prepare; without a way to choose devices there are no keys either, but lines alone."""
        self._session, self._screen, self._choose_devices = session, screen, choose_devices
        self._commands: dict[str, Callable[[str], object]] = {
            Command.QUIT: lambda _: session.stop(ENDED),
            Command.MUTE: lambda _: self.mute(),
            Command.HELP: lambda _: self.help(),
            Command.VOLUME: self._set_volume,
            Command.DEVICES: lambda _: self._devices(),
        }

    def enter(self, line: str) -> None:
        """Carry out a line."""
        name, _, rest = line.partition(" ")
        if not line.startswith("/"):
            self._session.send_text(line)
        elif command := self._commands.get(name):
            command(rest)
        else:
            self._screen.say(f"There is no command {name}; /help lists them.")

    def mute(self) -> None:
        """Mute the microphone, or listen again."""
        if not self._session.listens:
            return
        self._session.mute(not self._session.muted)
        if not self._screen.is_live:
            self._screen.say("The microphone is muted." if self._session.muted else "The microphone listens again.")

    def help(self) -> None:
        """List what can be typed and pressed."""
        lines = help_lines(listens=self._session.listens, by_key=self._session.by_key)
        for line in lines if self._choose_devices else _listed(_TYPED):
            self._screen.insist(line)

    def _set_volume(self, text: str) -> None:
        monitor = self._session.monitor
        try:
            monitor.volume_db = float(text)
        except (ValueError, InvalidInputError):
            if text:
                self._screen.say(f"'{text}' is not a volume in dB.")
            self._screen.say(f"The volume is {monitor.volume_db:+.0f} dB; /volume -6 sets it.")
        else:
            self._screen.say(f"The volume is {monitor.volume_db:+.0f} dB.")

    def _devices(self) -> None:
        if self._choose_devices is None:
            self._screen.say("Devices are chosen on the live screen, or before with --input and --output.")
        else:
            self._choose_devices()


def help_lines(*, listens: bool, by_key: bool) -> list[str]:
    """Return the lines that /help prints below a live screen: of what this conversation has."""
    idle = {"Tab, /mute": not listens, "Space": not by_key}
    return _listed({keys: words for keys, words in _HELP.items() if not idle.get(keys)})


def _listed(rows: dict[str, str]) -> list[str]:
    told = [(translated(keys), translated(words)) for keys, words in rows.items()]
    if shutil.get_terminal_size().columns < _TWO_COLUMNS:
        return [line for keys, words in told for line in (f"  {keys}", f"     {words}")]
    return [f"  {keys:<23}{words}" for keys, words in told]


def completed(line: str) -> list[str]:
    """Return the commands that a line may become.

    Example:
        >>> completed("/m"), completed("hello")
        (['/mute'], [])
    """
    return [command.value for command in Command if command.startswith(line)] if line.startswith("/") else []


def hint(*, listens: bool, muted: bool, by_key: bool, held: bool, releases: bool) -> list[str]:
    """Return what can be done now, the most important first."""
    if held:
        return [translated("let go when you have spoken" if releases else "tap Space when you have spoken")]
    talk = [f"{'hold' if releases else 'tap'} Space to talk"] if by_key else []
    mute = [f"Tab {'listens again' if muted else 'mutes'}"] if listens else []
    return [translated(words) for words in [*talk, word("F1 help"), *mute, "Esc interrupts", "type to write"]]


def question(text: str) -> Text:
    """Return the line that asks something."""
    return Text(printable(translated(text)), "bold")
