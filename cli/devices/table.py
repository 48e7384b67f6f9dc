"""The list of devices as tables, one for each host API, and as records for JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Literal

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from cli.language.spoken import translated, word
from cli.terminal.sanitize import printable
from engine.audio.device.matching import describe
from engine.audio.device.rate_probe import PROBED_RATES_HZ, OpenRates
from engine.audio.types import Device, Direction

_COLUMNS: tuple[tuple[str, Literal["left", "right"]], ...] = (
    ("", "right"),
    (word("device"), "left"),
    (word("in"), "right"),
    (word("out"), "right"),
    (word("Hz"), "right"),
    ("latency\nin, ms", "right"),
    ("latency\nout, ms", "right"),
    (word("default"), "left"),
)
_CHOSEN_COLUMN: tuple[str, Literal["left", "right"]] = (word("chosen"), "left")
"""Column of the table, if the configuration names a device."""

_PIPE_COLUMNS = 1000
"""Wider than any table: what reads a pipe looks for whole names."""
_LEAST_NAME = 16
"""Columns for the names; where a table leaves them less, each device has lines of its own."""
NO_DEVICE_FIX = "`voice doctor` says why; `--backend virtual` needs none, it plays files."

Chosen = Mapping[Direction, Device | None]
"""The devices that the configuration names."""


def print_devices(devices: Sequence[Device], probed: Sequence[OpenRates] | None, chosen: Chosen) -> None:
    """Print a table for each host API; with `probed`, below them the rates at which each device opened."""
    console = Console()
    if not console.is_terminal:
        console.width = _PIPE_COLUMNS
    columns = _COLUMNS + (_CHOSEN_COLUMN,) * any(chosen.values())
    for host_api in sorted({device.host_api for device in devices}):
        title = Text(translated(printable(host_api)))
        rows = [_row(device, chosen)[: len(columns)] for device in devices if device.host_api == host_api]
        table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, show_edge=False)
        table.pad_edge, table.collapse_padding = False, True
        for heading, justify in columns:
            table.add_column(translated(heading), justify=justify, overflow="fold")
        for row in rows:
            table.add_row(*map(Text, row))
        longest = max(cell_len(name) for _, name, *_ in rows)
        whole = Measurement.get(console, console.options.update(max_width=_PIPE_COLUMNS), table).maximum
        if console.width - (whole - longest) >= min(longest, _LEAST_NAME):
            console.print(table)
        else:
            _print_lines(console, title, rows, [" ".join(translated(heading).split()) for heading, _ in columns])
    if not devices:
        console.print(translated(f"There is no audio device.\n  {NO_DEVICE_FIX}"), soft_wrap=True)
    for found in probed or ():
        console.print(Text(_opened(found)), soft_wrap=True)


def _print_lines(console: Console, title: Text, rows: Sequence[list[str]], headings: Sequence[str]) -> None:
    """Print the device on a line, and below it what the table has in its columns."""
    console.print(title, style="italic")
    lines = Table.grid(padding=(0, 1))
    lines.add_column(justify="right")
    lines.add_column(overflow="fold")
    for index, name, *cells in rows:
        told = "; ".join(f"{heading}: {cell}" for heading, cell in zip(headings[2:], cells, strict=True) if cell)
        lines.add_row(Text(index), Text(name))
        lines.add_row("", Text(told))
    console.print(lines)


def as_records(
    backend: str, devices: Sequence[Device], probed: Sequence[OpenRates] | None, chosen: Chosen
) -> list[dict[str, Any]]:
    """One record for each device; with `probed`, what each side of it opened at."""
    records = [
        {"backend": backend, **asdict(device)}
        | {f"is_chosen_{direction.value}": chosen.get(direction) == device for direction in Direction}
        for device in devices
    ]
    if probed is not None:
        for record, device in zip(records, devices, strict=True):
            record["opens_at"] = {
                found.direction.value: {"rates_hz": list(found.rates_hz), "trouble": found.trouble}
                for found in probed
                if found.device == device
            }
    return records


def _row(device: Device, chosen: Chosen) -> list[str]:
    return [
        str(device.index),
        printable(device.name),
        str(device.max_input_channels),
        str(device.max_output_channels),
        str(device.native_rate_hz),
        _range(device.low_input_latency_ms, device.high_input_latency_ms, device.max_input_channels),
        _range(device.low_output_latency_ms, device.high_output_latency_ms, device.max_output_channels),
        ", ".join(translated(direction.value) for direction in Direction if direction.is_default(device)),
        ", ".join(translated(direction.value) for direction in Direction if chosen.get(direction) == device),
    ]


def _range(low_ms: float, high_ms: float, channels: int) -> str:
    return translated(f"{low_ms:.0f} to {high_ms:.0f}") if channels else ""


def _opened(found: OpenRates) -> str:
    """One line: "3 vspk, output: opens at 44100 48000 Hz"."""
    # The sentence begins with the name, which stands before it already.
    trouble = found.trouble.removeprefix(f"{describe(found.device)} ")
    if found.rates_hz == PROBED_RATES_HZ:
        what = f"opens at every rate from {PROBED_RATES_HZ[0]} to {PROBED_RATES_HZ[-1]} Hz"
    elif found.rates_hz:
        what = f"opens at {' '.join(map(str, found.rates_hz))} Hz"
    else:
        what = "" if trouble else "opens at none of the usual rates"
    told = "; ".join(filter(None, (what, printable(trouble))))
    return (
        f"{found.device.index} {printable(found.device.name)}, {translated(found.direction.value)}: {translated(told)}"
    )
