"""Choice of the audio backend and of its devices: the options first, then the configuration, then what works."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import fields

from engine.api.options import SessionOptions, path_of
from engine.audio.device.blame import class_of, close_backend, devices_of
from engine.audio.device.file_beside import FileBeside
from engine.audio.device.matching import find_device
from engine.audio.device.patience import wait_for_sound
from engine.audio.device.protocol import Backend
from engine.audio.device.registry import (
    Chosen,
    check_protocol,
    load_backend,
    open_backend,
    require_sound_card,
)
from engine.audio.run_blocking import close_blocking, run_blocking
from engine.audio.types import Direction, StreamRequest
from engine.config import AudioDefaults, origin_of
from engine.errors import NoSoundCardError, VoiceError

_OF_PORTAUDIO = ("sounddevice", "pyaudio")
"""Backends that share the names of the devices."""


def directions_of(options: SessionOptions) -> tuple[Direction, ...]:
    """Return the directions of a session: in writing, no microphone is opened."""
    return (Direction.OUTPUT,) if options.text else tuple(Direction)


def choose_backend(options: SessionOptions, defaults: AudioDefaults, directions: Sequence[Direction]) -> Chosen:
    """Return the backend, and why it was taken: a file takes the place of one device, and the other stays real.

    Args:
        options: Backend, devices and files that were named.
        defaults: The configured ones.
        directions: Directions that will be opened.

    Raises:
        NoSoundCardError: there is neither a sound card nor a file to speak, and the session is not in writing.
        VoiceError: the named backend does not work.
    """
    if options.backend is not None and not isinstance(options.backend, str):
        check_protocol(options.backend, class_of(options.backend))
        return Chosen(options.backend, "")
    files = {Direction.INPUT: options.input_file, Direction.OUTPUT: options.output_file}
    named = [direction for direction in directions if files[direction] is not None]
    needs_device = len(named) < len(directions)
    name = options.backend or (defaults.backend if needs_device else None) or "auto"
    if name == "auto" and not needs_device:
        return Chosen(load_backend("virtual"), "files were named")
    found = open_backend(name, directions)
    try:
        if options.input is not None or options.output is not None or not (options.text or options.input_file):
            require_sound_card(name, found)
    except NoSoundCardError:
        close_backend(found.backend)
        raise
    if needs_device and named and found.backend.name != "virtual":
        return Chosen(FileBeside(found.backend, load_backend("virtual")), found.reason)
    return found


@asynccontextmanager
async def opened_backend(
    options: SessionOptions, defaults: AudioDefaults, directions: Sequence[Direction]
) -> AsyncIterator[Chosen]:
    """Choose the backend beside the loop, and give its library back at the end, unless it is the program's own.

    Raises:
        VoiceError: what `choose_backend` raises.
    """

    def close(found: Chosen) -> None:
        if found.backend is not options.backend:
            close_backend(found.backend)

    choose = functools.partial(choose_backend, options, defaults, directions)
    found = await run_blocking(choose, discard=close)
    try:
        yield found
    finally:
        if found.backend is not options.backend:
            await close_blocking(functools.partial(close, found))


def stream_request(
    options: SessionOptions, defaults: AudioDefaults, backend: str, directions: tuple[Direction, ...]
) -> StreamRequest:
    """Return what is asked of the backend; configured devices count where they are its own."""
    if backend == "virtual" or not isinstance(options.backend, str | None):
        defaults = AudioDefaults()
    else:
        defaults = devices_for(options.backend, defaults)
    return StreamRequest(
        input=defaults.input if options.input is None else options.input,
        output=defaults.output if options.output is None else options.output,
        input_file=path_of(options.input_file),
        output_file=path_of(options.output_file),
        block_ms=options.block_ms,
        directions=directions,
    )


def require_devices(backend: Backend, request: StreamRequest) -> None:
    """Refuse the name of a device that is not there: kernels may have to be compiled before anything is opened.

    Raises:
        UnknownDeviceError: there is no such device, or there are several.
        VoiceError: whatever the backend raises.
    """
    sides = (
        (Direction.INPUT, request.input, request.input_file),
        (Direction.OUTPUT, request.output, request.output_file),
    )
    named = [
        (direction, name)
        for direction, name, file in sides
        if name is not None and file is None and direction in request.directions
    ]
    devices = wait_for_sound(lambda: devices_of(backend)) if named else []
    for direction, name in named:
        find_device(devices, name, direction)


def devices_for(name: str | None, configured: AudioDefaults) -> AudioDefaults:
    """Return the configured devices where they are those of the backend that was asked for, else none.

    Example:
        >>> devices_for("mine", AudioDefaults(input="USB, ALSA")).input is None
        True
        >>> devices_for("pyaudio", AudioDefaults(input="USB, ALSA")).input
        'USB, ALSA'
    """
    home = configured.backend or "auto"
    asked = name or home
    is_home = asked == home or {asked, home} <= {"auto", *_OF_PORTAUDIO}
    return configured if is_home else AudioDefaults(configured.backend)


@contextmanager
def naming_origin(configured: AudioDefaults) -> Iterator[None]:
    """Say of an error about a configured backend or device where its name stands: perhaps nobody remembers it.

    Raises:
        VoiceError: the same, with that in its fix.
    """
    try:
        yield
    except VoiceError as error:
        for entry in fields(configured):
            name = getattr(configured, entry.name)
            if name and repr(name) in error.message:
                raise error.reworded(fix=f"{error.fix} It is named by {origin_of(entry.name)}.") from error
        raise
