"""Finds audio backends through the entry-point group `voice.backends`, ours and other people's alike."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from engine.audio.backend import API_VERSION, Backend, Device
from engine.audio.devices import Direction
from engine.errors import InvalidInputError, LibraryMissingError, NoDeviceError, VoiceError

GROUP = "voice.backends"
AUTO_ORDER = ("sounddevice", "pyaudio", "virtual")
"""What `auto` tries; a third-party backend is only used when it is named."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A backend that works, and why it was taken."""

    backend: Backend
    reason: str


def backend_names() -> list[str]:
    """Names of all registered backends, ours first."""
    found = {point.name for point in entry_points(group=GROUP)}
    return [name for name in AUTO_ORDER if name in found] + sorted(found - set(AUTO_ORDER))


def load_backend(name: str) -> Backend:
    """Import and make the backend called `name`.

    Raises:
        InvalidInputError: nobody registered that name.
        LibraryMissingError: it cannot be imported, or was written for another version of the protocol.
        VoiceError: whatever the backend itself raises.
    """
    return _make(_entry_point(name))


def open_backend(name: str = "auto") -> Chosen:
    """Return the named backend, or with "auto" the first of `AUTO_ORDER` that has a microphone and a speaker.

    Raises:
        VoiceError: as `load_backend`; with "auto" only if even the last one fails.
    """
    if name != "auto":
        return Chosen(load_backend(name), "as asked")
    refused: list[str] = []
    for candidate in AUTO_ORDER:
        try:
            backend = load_backend(candidate)
            if candidate != AUTO_ORDER[-1]:
                _require_devices(backend)
        except VoiceError as error:
            refused.append(f"{candidate}: {error.message}")
        else:
            return Chosen(backend, "; ".join(refused) or "the first choice works")
    raise LibraryMissingError("No audio backend works: " + "; ".join(refused), fix="Run `voice doctor`.")


def _require_devices(backend: Backend) -> None:
    devices: list[Device] = []
    try:
        devices = backend.devices()
        for direction in Direction:
            if not any(direction.channels_of(device) for device in devices):
                raise NoDeviceError(f"This system has no {direction.value} device.")
    except VoiceError:
        backend.close()
        raise


def _entry_point(name: str) -> EntryPoint:
    for point in entry_points(group=GROUP):
        if point.name == name:
            return point
    raise InvalidInputError(
        f"There is no audio backend called {name!r}.", fix=f"Choose one of: auto, {', '.join(backend_names())}."
    )


def _make(point: EntryPoint) -> Backend:
    try:
        backend = point.load()()
    except VoiceError:
        raise
    except Exception as error:  # a plugin may fail in any way; it must not take the others with it
        raise LibraryMissingError(
            f"The audio backend {point.name!r} ({point.value}) cannot be loaded: {type(error).__name__}: {error}.",
            fix="Repair or remove it, or choose another with --backend.",
        ) from error
    if getattr(backend, "api_version", None) != API_VERSION:
        raise LibraryMissingError(
            f"The audio backend {point.name!r} was written for another version of the backend protocol.",
            fix="Update it, or choose another with --backend.",
        )
    return backend
