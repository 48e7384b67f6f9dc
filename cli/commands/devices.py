"""`voice devices`: which microphones and speakers there are."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from cli.options import BackendOption, JsonOption

if TYPE_CHECKING:
    from engine.audio.backend import Device


def devices(backend: BackendOption = None, as_json: JsonOption = False) -> None:
    """List the audio devices, by host API, with the defaults marked."""
    from engine.audio.discovery import open_backend  # noqa: PLC0415
    from engine.config import load_config  # noqa: PLC0415

    found = open_backend(backend or load_config().audio.backend or "auto")
    try:
        listed = found.backend.devices()
    finally:
        found.backend.close()
    if as_json:
        typer.echo(json.dumps([{"backend": found.backend.name, **asdict(device)} for device in listed], indent=2))
        return
    _print_table(found.backend.name, found.reason, listed)


def _print_table(backend: str, reason: str, listed: list[Device]) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from cli.text import printable  # noqa: PLC0415

    console = Console()
    console.print(Text(f"Backend {backend} ({reason})"))
    for host_api in sorted({device.host_api for device in listed}):
        table = Table(title=Text(printable(host_api)), title_justify="left")
        for heading, justify in (
            ("", "right"),
            ("device", "left"),
            ("in", "right"),
            ("out", "right"),
            ("Hz", "right"),
            ("latency in, ms", "right"),
            ("latency out, ms", "right"),
            ("default", "left"),
        ):
            table.add_column(heading, justify=justify)  # type: ignore[arg-type]
        for device in listed:
            if device.host_api == host_api:
                table.add_row(*(Text(cell) for cell in _row(device)))
        console.print(table)
    if not listed:
        console.print("There is no audio device.")


def _row(device: Device) -> list[str]:
    from cli.text import printable  # noqa: PLC0415

    defaults = [name for name, is_default in _defaults(device) if is_default]
    return [
        str(device.index),
        printable(device.name),
        str(device.max_input_channels),
        str(device.max_output_channels),
        str(device.native_rate_hz),
        _range(device.low_input_latency_ms, device.high_input_latency_ms, device.max_input_channels),
        _range(device.low_output_latency_ms, device.high_output_latency_ms, device.max_output_channels),
        ", ".join(defaults),
    ]


def _defaults(device: Device) -> list[tuple[str, bool]]:
    return [("input", device.is_default_input), ("output", device.is_default_output)]


def _range(low_ms: float, high_ms: float, channels: int) -> str:
    return f"{low_ms:.0f} to {high_ms:.0f}" if channels else ""
