"""Finds audio backends through the entry-point group `voice.backends`, ours and other people's alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint

from engine.audio.device.blame import REPAIR, blaming, close_backend, devices_of
from engine.audio.device.matching import no_device
from engine.audio.device.patience import wait_for_sound
from engine.audio.device.protocol import PROTOCOL_VERSION, Backend, Refreshes
from engine.audio.types import Device, Direction
from engine.errors import Advice, LibraryMissingError, NoSoundCardError, StreamLostError, VoiceError
from engine.plugins import find_plugin, named, registered_names
from engine.plugins import package_of as package_of_point

GROUP = "voice.backends"
AUTO_ORDER = ("sounddevice", "pyaudio", "virtual")
"""The backends that `auto` tries, in order; a third-party one is only used when it is named."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A backend that works, and why it was taken."""

    backend: Backend
    reason: str


def backend_names() -> list[str]:
    """Names of all registered backends, ours first."""
    found = registered_names(GROUP)
    return [name for name in AUTO_ORDER if name in found] + [name for name in found if name not in AUTO_ORDER]


def load_backend(name: str) -> Backend:
    """Import and make the backend called `name`.

    Raises:
        InvalidInputError: nobody registered that name.
        LibraryMissingError: it cannot be imported, or was written for another version of the protocol.
        VoiceError: whatever the backend itself raises.
    """
    return _make(_entry_point(name))


def open_backend(name: str = "auto", directions: Sequence[Direction] = tuple(Direction)) -> Chosen:
    """Return the named backend, or with "auto" the first of `AUTO_ORDER` that has devices in these directions.

    Raises:
        VoiceError: as `load_backend`; with "auto" only if even the last one fails.
    """
    if name != "auto":
        return Chosen(load_backend(name), "chosen by name")
    refused: list[str] = []
    for candidate in AUTO_ORDER:
        try:
            backend = load_backend(candidate)
            if candidate != AUTO_ORDER[-1]:
                _close_unless_usable(backend, directions)
        except StreamLostError:
            raise  # the next one would wait for the same sound system
        except VoiceError as error:
            refused.append(f"{candidate}: {error.message.rstrip('.')}")
        else:
            return Chosen(backend, "; ".join(refused) or "the first choice works")
    raise LibraryMissingError(f"No audio backend works: {'; '.join(refused)}.", fix=Advice.EXAMINE)


def require_sound_card(asked: str, found: Chosen) -> None:
    """Refuse what "auto" takes where there is no sound card.

    Raises:
        NoSoundCardError: "auto" was asked for, and found only files.
    """
    if asked == "auto" and found.backend.name == AUTO_ORDER[-1]:
        raise NoSoundCardError(f"There is no sound card here ({found.reason}).", fix=f"Plug one in. {Advice.EXAMINE}")


def open_hotplugged(name: str = "auto") -> Backend:
    """Return the named backend, or with "auto" the first of `AUTO_ORDER` that sees devices come, if none is there yet.

    Raises:
        VoiceError: as `load_backend`; with "auto" only if none can be loaded: why the first cannot.
    """
    if name != "auto":
        return load_backend(name)
    refusal: VoiceError | None = None
    for candidate in AUTO_ORDER:
        try:
            backend = load_backend(candidate)
        except VoiceError as error:
            refusal = refusal or error
            continue
        if isinstance(backend, Refreshes):
            return backend
        close_backend(backend)
    raise refusal or LibraryMissingError("No audio backend notices devices that are plugged in.", fix=Advice.EXAMINE)


def devices_to_talk(backend: Backend, directions: Sequence[Direction] = tuple(Direction)) -> list[Device]:
    """Return a backend's devices, among which is one of each direction.

    Raises:
        NoDeviceError: one of them is missing.
        VoiceError: whatever the backend itself raises.
    """
    devices = devices_of(backend)
    for direction in directions:
        if not any(direction.channels_of(device) for device in devices):
            raise no_device(direction)
    return devices


def _close_unless_usable(backend: Backend, directions: Sequence[Direction]) -> None:
    try:
        devices_to_talk(backend, directions)
    except VoiceError:
        close_backend(backend)
        raise


def _entry_point(name: str) -> EntryPoint:
    return find_plugin(GROUP, name, f"There is no audio backend called {name!r}.", ("auto", *backend_names()))


def package_of(name: str) -> str:
    """Name of the package that brings the backend called `name`; nothing where that is unknown.

    Raises:
        InvalidInputError: nobody registered that name.
    """
    return package_of_point(_entry_point(name))


def _make(point: EntryPoint) -> Backend:
    culprit = named(point)

    def make() -> Backend:
        made: Backend = point.load()()
        return made

    with blaming(culprit):
        backend = wait_for_sound(make)
    check_protocol(backend, culprit)
    return backend


def check_protocol(backend: object, named: str) -> None:
    """Refuse a backend that this engine does not know how to drive.

    Args:
        backend: The object that the plugin made.
        named: Its name in the sentence.

    Raises:
        LibraryMissingError: it lacks a part of `Backend`, or was written for another version of it.
    """
    version = getattr(backend, "protocol_version", None)
    match version:
        case (int(major), int(minor)):
            newer = (major, minor) > PROTOCOL_VERSION
            fits = major == PROTOCOL_VERSION[0] and not newer
        case _:
            raise LibraryMissingError(
                f"The audio backend {named} does not say for which version of the backend protocol it was written.",
                fix=REPAIR,
            )
    if not fits:
        spoken, ours = (".".join(map(str, pair)) for pair in ((major, minor), PROTOCOL_VERSION))
        outdated = "voice-realtime" if newer else "the package that brings it"
        raise LibraryMissingError(
            f"The audio backend {named} was written for version {spoken} of the backend protocol; this is {ours}.",
            fix=f"Update {outdated}, or choose another with `backend=`.",
        )
    if not isinstance(backend, Backend):
        lacking = [part for part in ("name", "devices", "open", "close") if not hasattr(backend, part)]
        raise LibraryMissingError(f"The audio backend {named} lacks: {', '.join(lacking)}.", fix=REPAIR)
