"""The sounddevice backend: PortAudio streams whose callback is the port's compiled kernel. The default.

`sounddevice._StreamBase` accepts a C function pointer as callback; that door is documented for library authors and
python-rtmixer has gone through it since 2017.
"""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from backends import jack
from backends.alsa import require_configuration
from backends.portaudio import Opening, PortAudioFailure, not_running, restart, take_exit_handler, takes_rate
from backends.portaudio_streams import OpenAt, PortAudioStreams, defaults_of, listed
from engine.audio.device.protocol import PROTOCOL_VERSION
from engine.audio.device.sound_server import leading_to, with_server_devices
from engine.audio.platforms import WASAPI
from engine.audio.types import Device, Direction, StreamRequest
from engine.errors import LibraryMissingError, PortAudioMissingError

if TYPE_CHECKING:
    from engine.audio.port.audio_port import AudioPort


def _import_sounddevice() -> Any:
    require_configuration()
    jack.name_client()
    try:
        import sounddevice  # noqa: PLC0415 - importing it starts PortAudio
    except ImportError as error:
        raise LibraryMissingError(
            "The Python package sounddevice is not installed.", fix="Run `pip install sounddevice`."
        ) from error
    except OSError as error:
        raise PortAudioMissingError(
            "The PortAudio library cannot be loaded.",
            fix="Install it (Debian: `apt install libportaudio2`, Fedora: `dnf install portaudio`), "
            'or use `backend="virtual"`.',
        ) from error
    take_exit_handler(sounddevice._exit_handler)
    # Never unloaded, which cffi does at the interpreter's end: where a stream hangs, PortAudio's threads still run.
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(sounddevice._lib))
    return sounddevice


def _fields(struct: Any) -> dict[str, Any]:
    return {name: getattr(struct, name) for name in dir(struct)}


class SounddeviceBackend:
    """Devices and streams of the PortAudio that sounddevice brings or finds."""

    name = "sounddevice"
    protocol_version = PROTOCOL_VERSION

    def __init__(self) -> None:
        self._library = _import_sounddevice()

    def devices(self) -> list[Device]:
        """List the devices as PortAudio saw them when it was started, and the sound server's as they are now."""
        library = self._library
        try:
            host_apis, count = library.query_hostapis(), library._check(library._lib.Pa_GetDeviceCount())
        except self._library.PortAudioError as error:  # it was ended, and has not started again
            raise not_running(_failure(error)) from error
        defaults = self._defaults(host_apis)
        # Not `query_devices`: one name that is not UTF-8 would hide all devices.
        entries = [_fields(library._lib.Pa_GetDeviceInfo(index)) for index in range(count)]
        return with_server_devices(
            [
                listed(
                    index,
                    {**entry, "name": library._ffi.string(entry["name"])},
                    host_apis[entry["hostApi"]]["name"],
                    defaults,
                )
                for index, entry in enumerate(entries)
            ]
        )

    def open(self, port: AudioPort, request: StreamRequest) -> PortAudioStreams:
        """Open the microphone and the speaker, each at the rate it likes."""
        devices = self.devices()
        streams = PortAudioStreams(self.name, port)
        streams.open(devices, request, self._openers)
        return streams

    def opens_at(self, device: Device, direction: Direction, rate_hz: int) -> bool:
        """Whether the device really opens at a rate; nothing stays open."""
        from engine.audio.port.audio_port import AudioPort  # noqa: PLC0415 - a process that only lists devices compiles no kernel

        with leading_to(device, direction, self.devices) as opened:
            return takes_rate(device, direction, rate_hz, self._openers(Opening(AudioPort(), opened, direction))[0])

    def _openers(self, opening: Opening) -> tuple[OpenAt, OpenAt | None]:
        open_at = partial(SounddeviceStream, self._library, opening)
        converts = opening.device.host_api == WASAPI
        return open_at, partial(open_at, settings=self._library.WasapiSettings(auto_convert=True)) if converts else None

    def refresh(self) -> str:
        """Start PortAudio anew where that ends no stream; it says why it does not."""
        return restart(self._restart, ends_others=True)

    def _restart(self) -> None:
        with contextlib.suppress(self._library.PortAudioError):  # after a start that failed there is nothing to end
            self._library._terminate()
        try:
            self._library._initialize()
        except self._library.PortAudioError as error:
            raise not_running(_failure(error)) from error

    def close(self) -> None:
        """Nothing to give back: sounddevice ends PortAudio with the process."""

    def _defaults(self, host_apis: Any) -> dict[Direction, int]:
        """The system's defaults; sounddevice's own setting wins where the user has made one."""
        chosen = dict(zip(Direction, self._library.default.device, strict=True))
        defaults = defaults_of(host_apis, self._library.default.hostapi if host_apis else 0)
        return {direction: defaults[direction] if index in (None, -1) else index for direction, index in chosen.items()}


class SounddeviceStream:
    """One direction, driven by the port's compiled callback."""

    def __init__(self, library: Any, opening: Opening, rate_hz: int, channels: int, *, settings: Any = None) -> None:
        """Open a stream; the settings are those of the host API.

        Args:
            library: The package `sounddevice`.
            port: Gives the callback and its user data.
            device: The device.
            direction: Microphone or speaker.
            block_ms: Length of a block.
            rate_hz: Sample rate.
            channels: Channels to open.
            settings: Settings of the host API, such as the conversion of rates; None for none.

        Raises:
            PortAudioFailure: PortAudio refuses.
        """
        self._error, ffi, port = library.PortAudioError, library._ffi, opening.port
        with self._failing():
            self._stream = library._StreamBase(
                kind=opening.direction.value,
                device=opening.device.index,
                samplerate=rate_hz,
                channels=channels,
                blocksize=opening.block_frames(rate_hz),
                dtype="float32",
                latency="low",
                extra_settings=settings,
                callback=ffi.cast("PaStreamCallback*", port.callback_address),
                finished_callback=ffi.cast("PaStreamFinishedCallback*", port.finished_address),
                userdata=ffi.cast("void*", port.control_address),
            )
        self.rate_hz, self.channels = round(self._stream.samplerate), int(self._stream.channels)
        self.block_frames, self.latency_ms = int(self._stream.blocksize), 1000 * self._stream.latency

    @property
    def active(self) -> bool:
        """True while the callback runs; not where PortAudio was ended under it."""
        with contextlib.suppress(self._error):
            return bool(self._stream.active)
        return False

    def start(self) -> None:
        """Let the callback run.

        Raises:
            PortAudioFailure: PortAudio refuses.
        """
        with self._failing():
            self._stream.start()

    def close(self) -> None:
        """Abort and release."""
        self._stream.close()

    @contextlib.contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except self._error as error:
            raise _failure(error) from error


def _failure(error: Exception) -> PortAudioFailure:
    """PortAudio's code and own words, from "Error opening Stream: words", the code and what the host API said."""
    text, code, host = (*error.args, None, None, None)[:3]
    words = [str(text or "unknown error").rpartition(": ")[2], host[2] if host else ""]
    return PortAudioFailure(code or 0, ": ".join(filter(None, words)))
