"""Errors of backends at the engine's border: whatever one raises becomes an error that names it and its package."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from engine.audio.device.protocol import Backend
from engine.audio.types import Device
from engine.errors import LibraryMissingError, VoiceError

REPAIR = "Repair or remove it, or choose another with `backend=`."


@contextlib.contextmanager
def blaming(culprit: object) -> Iterator[None]:
    """Turn what is no VoiceError into one that names the backend whose code runs inside.

    Args:
        culprit: The backend, or what to call it while it is being made.

    Raises:
        VoiceError: what the backend raises by itself.
        LibraryMissingError: anything else that comes out of it, an exit of the program included.
    """
    try:
        yield
    except VoiceError:
        raise
    except (Exception, SystemExit) as error:
        named = culprit if isinstance(culprit, str) else class_of(culprit)
        raise LibraryMissingError(
            f"The audio backend {named} fails: {type(error).__name__}: {error}.", fix=REPAIR
        ) from error


def close_backend(backend: Backend) -> None:
    """Give a backend's library back; every stream must be closed before.

    Raises:
        VoiceError: whatever the backend raises.
    """
    with blaming(backend):
        backend.close()


@contextlib.contextmanager
def closing(backend: Backend) -> Iterator[Backend]:
    """Close a backend at the end; every stream must be closed before.

    Raises:
        VoiceError: whatever the backend raises.
    """
    try:
        yield backend
    finally:
        close_backend(backend)


def devices_of(backend: Backend) -> list[Device]:
    """List a backend's devices.

    Raises:
        VoiceError: whatever the backend raises.
    """
    with blaming(backend):
        return backend.devices()


def class_of(backend: object) -> str:
    """The backend's class as an entry point names it: `package.module:Class`."""
    return f"{type(backend).__module__}:{type(backend).__qualname__}"
