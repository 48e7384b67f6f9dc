"""The backend and the devices that a command means: its options first, then the configuration, then the defaults."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from engine.api.backend import devices_for, naming_origin
from engine.audio.device.blame import closing, devices_of
from engine.audio.device.matching import find_device
from engine.audio.device.protocol import Backend
from engine.audio.device.registry import open_backend, require_sound_card
from engine.audio.types import Device, Direction, StreamRequest
from engine.config import AudioDefaults, load_config
from engine.errors import NoDeviceError, VoiceError

_WORDS = {Direction.INPUT: "microphone", Direction.OUTPUT: "speaker"}


@dataclass(frozen=True, slots=True)
class Configured:
    """The configuration's device for one direction."""

    device: Device | None = None
    """None also where it leaves the choice to the system."""
    trouble: str = ""
    """A sentence, where it names a device that is not to be found."""


def find_configured(devices: Sequence[Device], name: str | None, direction: Direction) -> Configured:
    """Find the device that the configuration names.

    Args:
        devices: All devices of the backend.
        name: The configuration's value; None or "default" for the system's.
        direction: Microphone or speaker.

    Example:
        >>> find_configured([], "usb", Direction.INPUT).trouble
        'Configured microphone: this system has no input device.'
    """
    if name is None or name.strip().lower() == "default":
        return Configured()
    try:
        return Configured(find_device(devices, name, direction))
    except VoiceError as error:
        return Configured(trouble=f"Configured {_WORDS[direction]}: {error.message[0].lower()}{error.message[1:]}")


def find_all_configured(devices: Sequence[Device], audio: AudioDefaults) -> dict[Direction, Configured]:
    """Find the microphone and the speaker that the configuration names."""
    names = {Direction.INPUT: audio.input, Direction.OUTPUT: audio.output}
    return {direction: find_configured(devices, name, direction) for direction, name in names.items()}


def refuse_files(backend: Backend) -> None:
    """Refuse the backend of files: nobody speaks into it, and nobody hears it.

    Raises:
        NoDeviceError: it is that one.
    """
    if backend.name == "virtual":
        raise NoDeviceError(
            "The virtual backend plays files: it has no microphone and no speaker.",
            fix="Use `--backend auto`, which takes the first one that has both; or change `backend` in the "
            "configuration.",
        )


@contextmanager
def open_devices(
    backend: str | None, microphone: str | None = None, speaker: str | None = None, *, config_may_be_new: bool = False
) -> Iterator[tuple[Backend, StreamRequest]]:
    """Load the backend and say which devices to ask it for; it is closed at the end.

    Raises:
        NoDeviceError: no backend was named, and this machine has no sound card; or the one of files was.
        VoiceError: the backend does not work, or the configuration is broken.
    """
    defaults = load_config(may_be_new=config_may_be_new, only_devices=True).audio
    name = backend or defaults.backend or "auto"
    with naming_origin(defaults):
        found = open_backend(name)
        with closing(found.backend):
            require_sound_card(name, found)
            refuse_files(found.backend)
            yield found.backend, request_for(devices_for(backend, defaults), microphone, speaker)


def require_devices(backend: str | None, microphone: str | None, speaker: str | None) -> None:
    """Refuse the name of a device that is not there; None is not looked for.

    Raises:
        UnknownDeviceError: there is no such device, or there are several.
        VoiceError: what `open_devices` raises.
    """
    with open_devices(backend, config_may_be_new=True) as (opened, _):
        devices = devices_of(opened)
        for direction, name in ((Direction.INPUT, microphone), (Direction.OUTPUT, speaker)):
            if name is not None:
                find_device(devices, name, direction)


def request_for(defaults: AudioDefaults, microphone: str | None, speaker: str | None) -> StreamRequest:
    """Return the devices that the options name, else the configuration; None is the system's default.

    Example:
        >>> request_for(AudioDefaults(), "usb", None).input
        'usb'
    """
    return StreamRequest(
        input=defaults.input if microphone is None else microphone,
        output=defaults.output if speaker is None else speaker,
    )
