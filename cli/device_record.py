"""A device as programs read it, the same in every command that prints JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from engine.audio.backend import Device


def device_record(backend: str, device: Device) -> dict[str, Any]:
    """The device's fields, and the backend that lists it."""
    return {"backend": backend, **asdict(device)}
