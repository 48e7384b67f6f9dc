"""The PyAudio backend: native where its PortAudio can be reached, otherwise a pump thread, and says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from backends import jack
from backends.alsa import require_configuration
from backends.platforms import CONVERTING, MME_NAME_LENGTH
from backends.portaudio import Opening, can_be_ended, not_running, restart, takes_rate
from backends.portaudio_streams import OpenAt, PortAudioStreams, defaults_of, listed
from backends.pyaudio_native import NativeStream, reach_portaudio
from backends.pyaudio_pump import PumpedStream, failure_of
from engine.audio.device.protocol import PROTOCOL_VERSION
from engine.audio.device.sound_server import leading_to, with_server_devices
from engine.audio.platforms import WASAPI
from engine.audio.types import Device, Direction, StreamRequest
from engine.errors import LibraryMissingError, PortAudioMissingError

if TYPE_CHECKING:
    from engine.audio.port.audio_port import AudioPort

DEGRADED = (
    "degraded: this PyAudio hides its PortAudio, so a Python thread moves the sound; "
    "a busy interpreter will break it. The sounddevice backend has no such limit."
)


def _import_pyaudio() -> tuple[Any, Any]:
    require_configuration()
    try:
        import pyaudio  # noqa: PLC0415 - optional, and only when this backend is asked for
        from pyaudio import _portaudio  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise LibraryMissingError(
            "The Python package PyAudio is not installed.",
            fix='Run `pip install "voice-realtime[pyaudio]"` (outside Windows it compiles against portaudio19-dev), '
            'or use `backend="sounddevice"`.',
        ) from error
    except ImportError as error:
        raise PortAudioMissingError(
            "PyAudio cannot load the PortAudio library.",
            fix='Install it (Debian: `apt install libportaudio2`), or use `backend="virtual"`.',
        ) from error
    return pyaudio, _portaudio


class PyAudioBackend:
    """Devices and streams of the PortAudio that PyAudio is linked with."""

    name = "pyaudio"
    protocol_version = PROTOCOL_VERSION

    def __init__(self, *, native: bool = True) -> None:
        """Start PyAudio; `native=False` takes the pump thread even where the library can be reached."""
        module, extension = _import_pyaudio()
        jack.name_client()
        self._module = module
        self._pyaudio = module.PyAudio()
        self._library = reach_portaudio(extension) if native else None

    def devices(self) -> list[Device]:
        """List the devices as PortAudio saw them when PyAudio was started, and the sound server's as they are now.

        Raises:
            StreamLostError: PortAudio does not run.
        """
        try:
            count, places = self._pyaudio.get_device_count(), range(self._pyaudio.get_host_api_count())
            host_apis = list(map(self._pyaudio.get_host_api_info_by_index, places))
        except OSError as error:  # it was ended, and has not started again
            raise not_running(failure_of(error)) from error
        first = self._pyaudio.get_default_host_api_info()["index"] if host_apis else 0
        defaults = defaults_of(host_apis, first)
        entries = map(self._pyaudio.get_device_info_by_index, range(count))
        return with_server_devices(
            [listed(index, entry, host_apis[entry["hostApi"]]["name"], defaults) for index, entry in enumerate(entries)]
        )

    def open(self, port: AudioPort, request: StreamRequest) -> PortAudioStreams:
        """Open the microphone and the speaker, each at the rate it likes."""
        devices = self.devices()
        native = self._library is not None
        streams = PortAudioStreams(self.name, port, native=native, notes=() if native else (DEGRADED,))
        streams.open(devices, request, partial(self._openers, devices))
        return streams

    def opens_at(self, device: Device, direction: Direction, rate_hz: int) -> bool:
        """Whether the device really opens at a rate; nothing stays open."""
        from engine.audio.port.audio_port import AudioPort  # noqa: PLC0415 - a process that only lists devices compiles no kernel

        with leading_to(device, direction, self.devices) as opened:
            return takes_rate(device, direction, rate_hz, self._opener(Opening(AudioPort(), opened, direction)))

    def refresh(self) -> str:
        """Start PortAudio anew where that ends no stream of ours; it says why it does not.

        PortAudio counts who has started it: streams that others opened with a `PyAudio` of their own go on.
        """
        return restart(self._restart, ends_others=False)

    def _restart(self) -> None:
        self._pyaudio.terminate()
        try:
            self._pyaudio = self._module.PyAudio()
        except OSError as error:
            raise not_running(failure_of(error)) from error

    def close(self) -> None:
        """End PyAudio; every stream must be closed before, and where it cannot be ended it is left as it is."""
        if can_be_ended():
            self._pyaudio.terminate()

    def _openers(self, devices: Sequence[Device], opening: Opening) -> tuple[OpenAt, OpenAt | None]:
        twin = converting_twin(devices, opening.device, opening.direction)
        return self._opener(opening), self._opener(replace(opening, device=twin)) if twin else None

    def _opener(self, opening: Opening) -> OpenAt:
        if self._library is not None:
            return partial(NativeStream, self._library, opening)
        return partial(PumpedStream, self._pyaudio, opening)


def converting_twin(devices: Sequence[Device], device: Device, direction: Direction) -> Device | None:
    """The same device in a host API of Windows that converts rates: PyAudio cannot ask WASAPI to."""
    if device.host_api != WASAPI:
        return None
    names = (device.name, device.name[:MME_NAME_LENGTH])
    twins = [twin for twin in devices if twin.name in names and direction.channels_of(twin) > 0]
    return next((twin for api in CONVERTING for twin in twins if twin.host_api == api), None)
