"""`voice devices --probe`: asks device after device, and shows on the terminal which one it is at."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.devices.table import NO_DEVICE_FIX
from cli.language.spoken import translated
from cli.terminal.sanitize import printable
from engine.audio.device.matching import describe
from engine.audio.device.protocol import Backend, ProbesRates
from engine.audio.device.rate_probe import OpenRates, probe_rates
from engine.audio.types import Device, Direction
from engine.errors import InvalidInputError, NoDeviceError


def probe_with_progress(backend: Backend, devices: Sequence[Device]) -> list[OpenRates]:
    """Probe every device.

    Raises:
        NoDeviceError: there is none.
        InvalidInputError: this backend cannot be asked.
    """
    if not devices:
        raise NoDeviceError("There is no audio device to ask for rates.", fix=NO_DEVICE_FIX)
    if not isinstance(backend, ProbesRates):
        raise InvalidInputError(
            f"The {backend.name} backend cannot be asked for rates.",
            fix="Leave out --probe, or choose another backend.",
        )
    sides = [device for device in devices for direction in Direction if direction.channels_of(device) > 0]
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    found: list[OpenRates] = []
    progress = Progress(
        *columns, console=console, transient=True, auto_refresh=False, disable=not console.is_terminal
    )  # refreshed between two openings only: during one, standard error leads nowhere
    with progress:
        task = progress.add_task("", total=len(sides))
        answers = probe_rates(backend, devices)
        for device in sides:
            progress.update(task, description=translated(f"probing {printable(describe(device))}")[:40], refresh=True)
            found.append(next(answers))
            progress.advance(task)
    return found
