"""The closed set of errors the engine raises, each named by what the caller should do about it.

Every error carries one clear sentence and, where there is one, the fix. Both speak to any program that uses the engine:
a parameter is named as Python passes it, in backticks (`backend=` or `backend="virtual"`), and what a program does in
a way of its own is an `Advice`. The command line puts its options and commands in their place, and gives each kind an
exit code. Nothing secret may be put into either text.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Self


class Advice(StrEnum):
    """Sentences of a fix for which the command line has a command."""

    DEVICES = "`list_devices()` lists them."
    EXAMINE = "See which audio libraries are installed, and whether the sound server runs."
    AGAIN = "Begin another session."
    RECORDING = "Name a folder that a session with `record=` has written."
    SERVE = "Run `python -m engine.local` to see why."
    SCRIPTS = "See `python -m pydoc engine.script.reading` for an example."


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the question whether the nearest of the known names was meant, and a space; nothing where none is near.

    Example:
        >>> nearest("opnai", ["yandex", "openai"])
        "Did you mean 'openai'? "
    """
    from difflib import get_close_matches  # noqa: PLC0415 - of use only where something is wrong

    by_case = {each.casefold(): each for each in known}
    found = get_close_matches(name.casefold(), by_case, n=1)
    if not found:
        return ""
    near = by_case[found[0]]
    return f"Did you mean '{near}'? "


def choices(name: str, known: Iterable[str]) -> str:
    """Return the fix for a name that is none of those known: the nearest, and all.

    Example:
        >>> choices("opnai", ["yandex", "openai"])
        "Did you mean 'openai'? Choose one of: yandex, openai."
    """
    known = list(known)
    meant = nearest(name, known)
    return f"{meant}Choose one of: {', '.join(known)}."


class VoiceError(Exception):
    """Base of every error of the engine: `message` says what happened, `fix` what the person can do.

    Example:
        >>> str(UnknownDeviceError("No output device matches 'usb'.", fix="Choose another with `output=`."))
        "No output device matches 'usb'. Choose another with `output=`."
    """

    def __init__(self, message: str, *, fix: str = "") -> None:
        super().__init__(f"{message} {fix}".strip())
        self.message = message
        self.fix = fix

    def reworded(self, *, message: str | None = None, fix: str | None = None) -> Self:
        """Return the same error in other words, whatever the constructor of its class takes."""
        reworded = type(self).__new__(type(self))
        reworded.__dict__ |= self.__dict__
        VoiceError.__init__(
            reworded, self.message if message is None else message, fix=self.fix if fix is None else fix
        )
        return reworded


class InvalidInputError(VoiceError):
    """A parameter, a file or a value is wrong: correct the call."""


class NotOpenError(InvalidInputError):
    """A session or a port was used before it was opened, or after its end: open another."""


class LibraryMissingError(VoiceError):
    """A Python package that the chosen part needs is missing or broken: install it or choose another part."""


class PortAudioMissingError(VoiceError):
    """The PortAudio library cannot be loaded: install it or use the virtual backend."""


class NoDeviceError(VoiceError):
    """The system has no device of the wanted direction: plug one in, or use files through the virtual backend."""


class NoSoundCardError(NoDeviceError):
    """No backend finds a microphone and a speaker: plug them in, or use files through the virtual backend."""


class UnknownDeviceError(VoiceError):
    """The name fits no device, or fits several: choose one from the list."""


class DeviceBusyError(VoiceError):
    """Another program holds the device: close it and try again."""


class UnsupportedFormatError(VoiceError):
    """The device refuses the rate or the channels: choose others."""


class StreamLostError(VoiceError):
    """A stream ended by itself, or the system cannot open the device: look for it again, or choose another."""


class RestartNeededError(StreamLostError):
    """The sound system was started anew, and this process cannot go over to it: start another process."""


class PermissionDeniedError(VoiceError):
    """The system withholds the microphone: the person must grant it."""


class ConnectionFailedError(VoiceError):
    """The server cannot be reached or closed the connection: try again later."""


class SessionClosedError(ConnectionFailedError):
    """The server ended the session on purpose: begin another when you want one."""


class AccessRefusedError(VoiceError):
    """The server refuses the key, the model or the quota: do not retry, correct the account."""


class ModelRefusedError(AccessRefusedError):
    """The server refuses the session, for its model as far as it says why: the session adds which are current."""


class ProtocolBrokenError(VoiceError):
    """The server sent what no client can go on with."""


class ScriptFailedError(VoiceError):
    """The client of a scripted server did not do what the script says: correct one of them."""
