"""Choice of the audio backend and of its devices: the options first, then the configuration, then what works."""

from __future__ import annotations

from collections.abc import Sequence

from engine.api.options import SessionOptions, path_of
from engine.audio.device.blame import class_of, close_backend
from engine.audio.device.file_beside import FileBeside
from engine.audio.device.registry import Chosen, check_protocol, load_backend, open_backend, require_sound_card
from engine.audio.types import Direction, StreamRequest
from engine.config import AudioDefaults
from engine.errors import NoSoundCardError


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


def stream_request(
    options: SessionOptions, defaults: AudioDefaults, backend: str, directions: tuple[Direction, ...]
) -> StreamRequest:
    """Return what is asked of the backend; configured devices count where a backend of real ones was chosen by name."""
    if backend == "virtual" or not isinstance(options.backend, str | None):
        defaults = AudioDefaults()
    return StreamRequest(
        input=defaults.input if options.input is None else options.input,
        output=defaults.output if options.output is None else options.output,
        input_file=path_of(options.input_file),
        output_file=path_of(options.output_file),
        block_ms=options.block_ms,
        directions=directions,
    )
