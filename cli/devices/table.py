"""The devices as a list of microphones and one of speakers, and as records for JSON."""

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

from cli.language.spoken import counted, translated, word
from cli.terminal.sanitize import printable
from engine.audio.device.matching import describe
from engine.audio.device.rate_probe import PROBED_RATES_HZ, OpenRates
from engine.audio.types import Device, Direction

_COLUMNS: tuple[tuple[str, Literal["left", "right"]], ...] = (
    ("", "right"),
    (word("name"), "left"),
    ("API", "left"),
    ("", "right"),
    (word("rate"), "right"),
    (word("latency"), "right"),
    ("", "left"),
)
_LISTS = {Direction.INPUT: word("Microphones"), Direction.OUTPUT: word("Speakers")}
_TRUE_CHANNELS = 31
"""Most channels that are shown: ALSA's plug-ins report 32 or more, whatever is behind them."""
_PIPE_COLUMNS = 1000
"""Wider than any table: what reads a pipe looks for whole names."""
_LEAST_NAME = 16
"""Columns for the names; where a table leaves them less, each device has lines of its own."""
NO_DEVICE_FIX = "`voice doctor` says why; `--backend virtual` needs none, it plays files."

Chosen = Mapping[Direction, Device | None]
"""The devices that the configuration names."""


def print_devices(devices: Sequence[Device], probed: Sequence[OpenRates] | None, chosen: Chosen) -> None:
    """Print a list of microphones and one of speakers; with `probed`, below them the rates at which each opened."""
    console = Console()
    if not console.is_terminal:
        console.width = _PIPE_COLUMNS
    for direction, heading in _LISTS.items() if devices else ():
        rows = [_row(device, direction, chosen) for device in devices if direction.channels_of(device)]
        _print_list(console, translated(heading) if rows else translated(f"{heading}: none"), rows)
        console.print()
    if not devices:
        console.print(translated(f"There is no audio device.\n  {NO_DEVICE_FIX}"), soft_wrap=True)
    for found in probed or ():
        console.print(Text(_opened(found)), soft_wrap=True)


def _print_list(console: Console, title: str, rows: Sequence[list[str]]) -> None:
    """Print a table; where names would be cut short, each device on a line, with what is known of it on the next."""
    console.print(Text(title, "bold"))
    used = [at for at in range(len(_COLUMNS)) if any(row[at] for row in rows)]
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
    for heading, justify in (_COLUMNS[at] for at in used):
        table.add_column(translated(heading), justify=justify, overflow="fold")
    for row in rows:
        table.add_row(*(Text(row[at]) for at in used))
    longest = max((cell_len(name) for _, name, *_ in rows), default=0)
    whole = Measurement.get(console, console.options.update(max_width=_PIPE_COLUMNS), table).maximum
    if console.width - (whole - longest) >= min(longest, _LEAST_NAME):
        console.print(table, end="")
        return
    lines = Table.grid(padding=(0, 1))
    lines.add_column(justify="right")
    lines.add_column(overflow="fold")
    for index, name, *cells in rows:
        lines.add_row(Text(index), Text(name))
        lines.add_row("", Text("; ".join(filter(None, cells))))
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


def _row(device: Device, direction: Direction, chosen: Chosen) -> list[str]:
    is_input, channels = direction is Direction.INPUT, direction.channels_of(device)
    low_ms = device.low_input_latency_ms if is_input else device.low_output_latency_ms
    high_ms = device.high_input_latency_ms if is_input else device.high_output_latency_ms
    marks = (word("default"), direction.is_default(device)), (word("chosen"), chosen.get(direction) == device)
    return [
        str(device.index),
        printable(device.name),
        printable(device.host_api),
        counted(channels, "channel") if channels <= _TRUE_CHANNELS else "",
        translated(f"{device.native_rate_hz:d} Hz"),
        translated(f"{low_ms:.0f} to {high_ms:.0f} ms") if high_ms else "",
        ", ".join(translated(mark) for mark, is_set in marks if is_set),
    ]


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
