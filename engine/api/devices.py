"""Devices and kernels of this machine."""

from __future__ import annotations

import time
from collections.abc import Callable

from engine.api.backend import choose_backend
from engine.api.options import SessionOptions
from engine.audio.device.blame import close_backend, devices_of
from engine.audio.device.protocol import Backend
from engine.audio.types import Device, Direction
from engine.config import load_config


def list_devices(backend: str | Backend | None = None) -> list[Device]:
    """Return the microphones and speakers, as a backend lists them: the configured one, or the first that works.

    Raises:
        VoiceError: the backend does not work.

    Example:
        >>> [device.name for device in list_devices("virtual")]
        ['virtual']
    """
    found = choose_backend(SessionOptions(backend=backend, text=True), load_config().audio, tuple(Direction))
    try:
        return devices_of(found.backend)
    finally:
        if found.backend is not backend:
            close_backend(found.backend)


def warm_up(announce: Callable[[str], None] | None = None) -> float:
    """Load the kernels, compiling them if this machine has not yet; return the seconds it took.

    Args:
        announce: Told if they must be compiled, which takes long, once on a machine; by default it is logged.
    """
    from engine.dsp.compile.library import load_kernels  # noqa: PLC0415 - brings llvmlite

    started_s = time.monotonic()
    load_kernels(*([announce] if announce else []))
    return time.monotonic() - started_s
