"""The engine's errors on the command line: the exit code of each kind, and their advice as options and commands."""

from __future__ import annotations

import re

from engine import errors
from engine.errors import Advice, VoiceError

EXIT_CODES: dict[type[VoiceError], int] = {
    VoiceError: 1,
    errors.InvalidInputError: 2,
    errors.LibraryMissingError: 3,
    errors.PortAudioMissingError: 4,
    errors.NoDeviceError: 5,
    errors.UnknownDeviceError: 6,
    errors.DeviceBusyError: 7,
    errors.UnsupportedFormatError: 8,
    errors.StreamLostError: 9,
    errors.PermissionDeniedError: 10,
    errors.ConnectionFailedError: 11,
    errors.AccessRefusedError: 12,
    errors.ProtocolBrokenError: 13,
    errors.ScriptFailedError: 14,
}
"""A kind that is not here is a special case of one that is, and has its code."""
COMMANDS = {
    Advice.DEVICES: "`voice devices` lists them.",
    Advice.EXAMINE: "`voice doctor` says what is wrong.",
    Advice.AGAIN: "Run `voice run` again.",
    Advice.RECORDING: "Name a folder that `voice run --record` has written.",
    Advice.SERVE: "Run `voice serve` to see why.",
    Advice.SCRIPTS: "See `voice serve --help` for an example.",
}
SINGULAR = {"processors": "processor"}
"""Options that the command line repeats for one value at a time, by the names of their parameters."""
_PARAMETER = re.compile(r'`(?P<name>[a-z_]+)=(?P<value>"[^"`]*"|[^"`]*)`')


def exit_code(error: VoiceError) -> int:
    """Return what the command ends with after this error."""
    return next(EXIT_CODES[kind] for kind in type(error).__mro__ if kind in EXIT_CODES)


def on_command_line(text: str) -> str:
    """Return a text of the engine with options in place of parameters, and commands where there are some.

    Example:
        >>> on_command_line('Use `backend="virtual"` with `input_file=`.')
        'Use --backend virtual with --input-file.'
    """
    for advice, command in COMMANDS.items():
        text = text.replace(advice, command)
    return _PARAMETER.sub(_option, text)


def _option(parameter: re.Match[str]) -> str:
    value = parameter["value"].strip('"')
    return f"--{SINGULAR.get(parameter['name'], parameter['name']).replace('_', '-')} {value}".rstrip()
