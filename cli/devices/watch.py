"""Watches a backend's devices and prints a line for each change, for people or as JSON."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import datetime
from typing import Any

import typer

from cli.language.spoken import counted, echo, translated, word
from cli.terminal.sanitize import json_text, printable
from cli.terminal.signals import stop_signals
from engine.audio.device.matching import describe
from engine.audio.device.protocol import Backend
from engine.audio.recovery.device_diff import Arrived, Change, Left, NewDefault, changes
from engine.audio.recovery.rescan import DeviceLister
from engine.audio.types import Device, Direction
from engine.errors import VoiceError

INTERVAL_S = 1.0
"""Time between two rescans, each of which takes a hundredth of it."""


async def watch_devices(backend: Backend, *, as_json: bool) -> None:
    """Print changes until Ctrl+C or termination.

    Raises:
        VoiceError: the devices cannot be listed at all; later on, that is only said.
    """
    lister = DeviceLister(backend)
    watching = asyncio.ensure_future(_watch(backend.name, lister, as_json=as_json))

    def stop() -> None:
        watching.cancel()

    with stop_signals(stop):
        await asyncio.wait({watching})
    await lister.close()
    if not watching.cancelled():
        watching.result()


async def _watch(backend: str, lister: DeviceLister, *, as_json: bool) -> None:
    known = await lister.rescan()
    devices = counted(len(known), "device")
    echo(f"Watching {devices} of the backend {backend}. Ctrl+C ends it.", err=True)
    trouble = ""
    while True:
        await asyncio.sleep(INTERVAL_S)
        try:
            found = await lister.rescan()
        except VoiceError as error:
            if error.message != trouble:
                echo(printable(error.message), err=True)
            trouble = error.message
            continue
        trouble = ""
        for change in changes(known, found):
            typer.echo(_record(backend, change) if as_json else _line(change))
        known = found


def _line(change: Change) -> str:
    time = f"{datetime.now():%H:%M:%S}"
    match change:
        case Arrived(device):
            about = translated(f"{_channels(device)}, {device.native_rate_hz} Hz")
            return f"{time}  {translated(word('arrived')):<8} {_name(device)} ({about})"
        case Left(device):
            return f"{time}  {translated(word('left')):<8} {_name(device)}"
        case NewDefault(direction, before, after):
            changed = translated(f"{direction.value}: {_name(after)} (before: {_name(before)})")
            return f"{time}  {translated('default'):<8} {changed}"


def _name(device: Device | None) -> str:
    return printable(describe(device)) if device else translated("none")


def _channels(device: Device) -> str:
    counts = ((direction.channels_of(device), direction.value) for direction in Direction)
    return ", ".join(f"{count} {direction}" for count, direction in counts if count)


def _record(backend: str, change: Change) -> str:
    record: dict[str, Any] = {"time": datetime.now().astimezone().isoformat(timespec="milliseconds")}
    match change:
        case Arrived(device) | Left(device):
            record |= {"change": type(change).__name__.lower(), "device": {"backend": backend, **asdict(device)}}
        case NewDefault(direction, before, after):
            record |= {"change": "default", "direction": direction.value}
            record |= {
                name: {"backend": backend, **asdict(device)} if device else None
                for name, device in (("before", before), ("after", after))
            }
    return json_text(record)
