"""The closed set of errors the engine raises, each named by what the caller should do about it.

Every error carries one clear sentence and, where there is one, the fix; the command line prints both and exits with
the error's own code. Nothing secret may be put into either text.
"""

from __future__ import annotations

from typing import ClassVar


class VoiceError(Exception):
    """Base of every error of the engine: `message` says what happened, `fix` what the person can do.

    Example:
        >>> str(UnknownDeviceError("No output device matches 'usb'.", fix="Run `voice devices`."))
        "No output device matches 'usb'. Run `voice devices`."
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, fix: str = "") -> None:
        super().__init__(f"{message} {fix}".strip())
        self.message = message
        self.fix = fix


class InvalidInputError(VoiceError):
    """An option, a file or a value is wrong: correct the call."""

    exit_code = 2


class LibraryMissingError(VoiceError):
    """A Python package that the chosen part needs is missing or broken: install it or choose another part."""

    exit_code = 3


class PortAudioMissingError(VoiceError):
    """The PortAudio library cannot be loaded: install it or use the virtual backend."""

    exit_code = 4


class NoDeviceError(VoiceError):
    """The system has no device of the wanted direction: plug one in, or use files through the virtual backend."""

    exit_code = 5


class UnknownDeviceError(VoiceError):
    """The name fits no device, or fits several: choose one from the list."""

    exit_code = 6


class DeviceBusyError(VoiceError):
    """Another program holds the device: close it and try again."""

    exit_code = 7


class UnsupportedFormatError(VoiceError):
    """The device refuses the rate or the channels: choose others."""

    exit_code = 8


class StreamLostError(VoiceError):
    """A stream ended by itself, or the system cannot open the device: look for it again, or choose another."""

    exit_code = 9


class PermissionDeniedError(VoiceError):
    """The system withholds the microphone: the person must grant it."""

    exit_code = 10


class ConnectionFailedError(VoiceError):
    """The server cannot be reached or closed the connection: try again later."""

    exit_code = 11


class SessionClosedError(ConnectionFailedError):
    """The server ended the session on purpose: begin another when you want one."""


class AccessRefusedError(VoiceError):
    """The server refuses the key, the model or the quota: do not retry, correct the account."""

    exit_code = 12


class ModelRefusedError(AccessRefusedError):
    """The server refuses the session, for its model as far as it says why: the session adds which are current."""


class ProtocolBrokenError(VoiceError):
    """The server sent what no client can go on with."""

    exit_code = 13


class ScriptFailedError(VoiceError):
    """The client of a scripted server did not do what the script says: correct one of them."""

    exit_code = 14
