"""The backend and the devices that a command means: its options first, then the configuration, then the defaults."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from engine.audio.backend import Backend, StreamRequest
from engine.audio.discovery import open_backend
from engine.config import load_config
from engine.errors import NoDeviceError


@contextmanager
def open_devices(
    backend: str | None, microphone: str | None = None, speaker: str | None = None
) -> Iterator[tuple[Backend, StreamRequest]]:
    """Load the backend and say which devices to ask it for; it is closed at the end.

    Raises:
        NoDeviceError: no backend was named, and this machine has no sound card.
        VoiceError: the backend does not work, or the configuration is broken.
    """
    defaults = load_config().audio
    name = backend or defaults.backend or "auto"
    found = open_backend(name)
    try:
        if name == "auto" and found.backend.name == "virtual":
            raise NoDeviceError(
                f"There is no sound card here ({found.reason}).", fix="Plug one in; `voice doctor` looks closer."
            )
        yield found.backend, StreamRequest(input=microphone or defaults.input, output=speaker or defaults.output)
    finally:
        found.backend.close()
