"""Commands that a person can type or press during a conversation, in words."""

from __future__ import annotations

from enum import StrEnum

from rich.text import Text

from cli.terminal.sanitize import printable


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


def help_lines(*, listens: bool, by_key: bool) -> list[str]:
    """Return the lines that /help prints: of what this conversation has."""
    idle = {"Tab, /mute": not listens, "Space": not by_key}
    return [f"  {keys:<23}{words}" for keys, words in _HELP.items() if not idle.get(keys)]


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
        return ["let go when you have spoken" if releases else "tap Space when you have spoken"]
    talk = [f"{'hold' if releases else 'tap'} Space to talk"] if by_key else []
    mute = [f"Tab {'listens again' if muted else 'mutes'}"] if listens else []
    return [*talk, "F1 help", *mute, "Esc interrupts", "type to write"]


def question(text: str) -> Text:
    """Return the line that asks something."""
    return Text(printable(text), "bold")
