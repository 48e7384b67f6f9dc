"""`voice devices pick`: choose the microphone and the speaker by ear and eye, and keep them in the configuration."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import typer

from cli.language.spoken import echo
from cli.options import BackendOption
from cli.terminal.interrupts import INTERRUPTS

if TYPE_CHECKING:
    from blessed import Terminal


def pick(backend: BackendOption = None) -> None:
    """Choose microphone and speaker by listening to each.

    Use the arrow keys or a number; the choice is saved in the configuration.
    """
    from engine.config_path import config_path  # noqa: PLC0415
    from engine.errors import InvalidInputError  # noqa: PLC0415

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise InvalidInputError(
            "`voice devices pick` needs a terminal.",
            fix=f"Set input and output under [audio] in {config_path()}, or use --input and --output.",
        )
    try:
        chosen = choose_devices(backend)
    except (typer.Abort, KeyboardInterrupt) as left:
        echo("Nothing was changed.")
        raise typer.Exit(INTERRUPTS.exit_code(left)) from None
    _save(chosen)


def choose_devices(backend: str | None) -> dict[str, str]:
    """Let the person choose by ear and eye; return values for `[audio]`.

    Raises:
        typer.Abort: the person left.
        VoiceError: there is nothing to choose from.
    """
    from blessed import Terminal  # noqa: PLC0415

    from cli.kernels import prepare_kernels  # noqa: PLC0415

    terminal = Terminal(force_styling=None)  # it asks the terminal nothing
    with terminal.cbreak():  # already now: what is pressed during the long wait must not be echoed
        prepare_kernels()
        from cli.devices.picker import PickCancelledError  # noqa: PLC0415

        try:
            return _ask(backend, terminal)
        except PickCancelledError:
            raise typer.Abort from None


def _ask(backend: str | None, terminal: Terminal) -> dict[str, str]:
    """Ask for the devices to keep under `[audio]`."""
    from rich.console import Console  # noqa: PLC0415

    from cli.devices.picker import DevicePicker  # noqa: PLC0415
    from cli.devices.selection import open_devices  # noqa: PLC0415
    from engine.audio.device.blame import devices_of  # noqa: PLC0415
    from engine.audio.types import Direction  # noqa: PLC0415

    with open_devices(backend, config_may_be_new=True) as (opened, configured):
        picker = DevicePicker(opened, devices_of(opened), terminal, Console())
        terminal.flushinp()
        microphone = picker.pick(Direction.INPUT, configured.input)
        speaker = picker.pick(Direction.OUTPUT, configured.output, microphone)
    values = {"input": microphone.kept_as, "output": speaker.kept_as}
    return values if backend is None else {"backend": backend, **values}


def _save(values: dict[str, str]) -> None:
    from cli.terminal.sanitize import printable  # noqa: PLC0415
    from engine.config_file import in_profile, save_values  # noqa: PLC0415
    from engine.config_path import config_path  # noqa: PLC0415

    path = config_path()
    save_values(path, {in_profile(f"audio.{key}"): value for key, value in values.items()})
    echo(f"Microphone: {printable(values['input'])}.\nSpeaker: {printable(values['output'])}.\nSaved in {path}.")
    for key in values:
        variable = f"VOICE_{key.upper()}"
        if os.environ.get(variable, "").strip():
            echo(f"Note: the environment variable {variable} takes precedence over the configuration.")
