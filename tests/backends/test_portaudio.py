"""PortAudio's refusals become the engine's errors: one sentence, the fix, and an exit code of its own."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from backends import portaudio
from backends.portaudio import PortAudioFailure, explain, formats, negotiate, takes_rate
from backends.portaudio_streams import PortAudioStreams
from backends.pyaudio import PyAudioBackend, converting_twin
from backends.sounddevice import SounddeviceBackend
from engine.audio.port.audio_port import AudioPort
from engine.audio.types import Device, Direction, StreamRequest
from engine.daemon_thread import DaemonThread
from engine.errors import (
    DeviceBusyError,
    InvalidInputError,
    LibraryMissingError,
    PortAudioMissingError,
    StreamLostError,
    UnsupportedFormatError,
    VoiceError,
)

MICROPHONE = Device(0, "USB Audio", "ALSA", 2, 0, 22050, is_default_input=True)
SPEAKER = Device(1, "HDMI", "ALSA", 0, 8, 48000, is_default_output=True)


class PortAudioError(Exception):
    """sounddevice's: words, code, and what the host API said."""


class RefusingSounddevice:
    """sounddevice with one microphone and one speaker, and an error where the test wants it."""

    _ffi = SimpleNamespace(cast=lambda kind, address: address, string=bytes)
    default = SimpleNamespace(device=(-1, -1), hostapi=0)

    def __init__(self, **failures: Exception) -> None:
        self.PortAudioError = PortAudioError
        self.failures = failures
        self.takes: Callable[[int, int, Any], bool] = lambda rate_hz, channels, settings: True
        self.opened: list[str] = []
        self.closed: list[str] = []
        self.devices: list[Device] = []

    def _exit_handler(self) -> None:
        """There is nothing to end."""

    def query_hostapis(self) -> list[dict[str, Any]]:
        return [
            {"name": device.host_api, "default_input_device": 0, "default_output_device": 1} for device in self.devices
        ]

    def _check(self, code: int) -> int:
        return code

    @property
    def _lib(self) -> Any:
        return SimpleNamespace(Pa_GetDeviceCount=lambda: len(self.devices), Pa_GetDeviceInfo=self._device_info)

    def _device_info(self, index: int) -> Any:
        device = self.devices[index]
        return SimpleNamespace(
            name=device.name.encode(),
            hostApi=index,
            maxInputChannels=device.max_input_channels,
            maxOutputChannels=device.max_output_channels,
            defaultSampleRate=device.native_rate_hz,
            **{f"default{how}{way}Latency": 0.01 for how in ("Low", "High") for way in ("Input", "Output")},
        )

    def _StreamBase(  # noqa: N802
        self, *, kind: str, samplerate: int, channels: int, blocksize: int, extra_settings: Any, **_: Any
    ) -> Any:
        self._fail(f"open_{kind}")
        if not self.takes(samplerate, channels, extra_settings):
            raise PortAudioError("Error opening Stream: Invalid sample rate", portaudio.INVALID_SAMPLE_RATE)
        self.opened.append(kind)
        return SimpleNamespace(
            samplerate=samplerate,
            channels=channels,
            blocksize=blocksize,
            latency=0.01,
            active=True,
            start=lambda: self._fail(f"start_{kind}"),
            close=lambda: self._close(kind),
        )

    def WasapiSettings(self, *, auto_convert: bool) -> str:  # noqa: N802
        assert auto_convert
        return "converting"

    def _close(self, kind: str) -> None:
        self.closed.append(kind)

    def _fail(self, step: str) -> None:
        if step in self.failures:
            raise self.failures[step]


class HangingSounddevice(RefusingSounddevice):
    """One whose streams start when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.starts, self.answers, self.all_closed = threading.Event(), threading.Event(), threading.Event()

    def _fail(self, step: str) -> None:
        if step.startswith("start"):
            self.starts.set()
            assert self.answers.wait(60)

    def _close(self, kind: str) -> None:
        super()._close(kind)
        if kind == "output":
            self.all_closed.set()


def opened(
    library: RefusingSounddevice, microphone: Device = MICROPHONE, speaker: Device = SPEAKER
) -> PortAudioStreams:
    """The microphone and the speaker of that library."""
    library.devices = [microphone, speaker]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "sounddevice", library)
        return SounddeviceBackend().open(AudioPort(), StreamRequest())


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (-9997, UnsupportedFormatError),
        (-9998, UnsupportedFormatError),
        (-9994, UnsupportedFormatError),
        (-9985, DeviceBusyError),
        (-9996, DeviceBusyError),
        (-9999, StreamLostError),
        (0, StreamLostError),
    ],
)
def test_a_refusal_is_explained_with_the_device_the_words_and_a_fix(code: int, error: type[VoiceError]) -> None:
    explained = explain(PortAudioFailure(code, "Its own words"), MICROPHONE)
    assert type(explained) is error
    assert "USB Audio, ALSA" in explained.message
    assert "Its own words" in explained.message
    assert explained.fix
    # Which options choose a device, and whether this is `voice doctor` itself, the command knows.
    assert "--" not in explained.fix
    assert "doctor" not in explained.fix
    assert ("the other direction only" in explained.fix) == (error is StreamLostError)


def test_formats_begin_with_the_devices_own_rate_and_name_none_twice() -> None:
    inputs, outputs = list(formats(MICROPHONE, Direction.INPUT)), list(formats(SPEAKER, Direction.OUTPUT))
    assert inputs[:2] == [(22050, 1), (22050, 2)]
    assert outputs[:3] == [(48000, 2), (48000, 1), (48000, 8)]
    assert len(set(inputs)) == len(inputs)
    assert len(set(outputs)) == len(outputs)


def test_what_alsa_answers_to_44100_is_not_taken_for_the_devices_own_rate() -> None:
    for host_api, first_hz in (("ALSA", 48000), ("Core Audio", 44100)):
        rates_hz = [rate_hz for rate_hz, _ in formats(Device(0, "x", host_api, 1, 0, 44100), Direction.INPUT)]
        assert rates_hz[0] == first_hz
        assert {44100, 48000} <= set(rates_hz)


def test_a_format_is_looked_for_until_one_is_taken() -> None:
    asked: list[tuple[int, int]] = []

    def takes_16_khz(rate_hz: int, channels: int) -> str:
        asked.append((rate_hz, channels))
        if rate_hz != 16000:
            raise PortAudioFailure(portaudio.INVALID_SAMPLE_RATE, "Invalid sample rate")
        return "opened"

    opened, note = negotiate(MICROPHONE, Direction.INPUT, takes_16_khz)
    assert opened == "opened"
    assert note == "USB Audio, ALSA refused its own 22050 Hz and was opened at 16000 Hz."
    assert asked[-1] == (16000, 1)
    assert len(asked) > 10


def test_a_device_that_takes_no_format_and_one_that_is_busy_differ() -> None:
    asked: list[int] = []

    def refuses(code: int) -> Any:
        def open_at(rate_hz: int, channels: int) -> None:
            asked.append(rate_hz)
            raise PortAudioFailure(code, "no")

        return open_at

    with pytest.raises(UnsupportedFormatError):
        negotiate(MICROPHONE, Direction.INPUT, refuses(portaudio.INVALID_SAMPLE_RATE))
    assert len(asked) > 10
    asked.clear()
    with pytest.raises(DeviceBusyError):
        negotiate(MICROPHONE, Direction.INPUT, refuses(portaudio.DEVICE_UNAVAILABLE))
    assert len(asked) == 1


def test_the_stream_says_what_it_took_where_that_is_not_the_devices_own() -> None:
    library = RefusingSounddevice()
    assert opened(library).info.notes == ()
    library.takes = lambda rate_hz, channels, settings: rate_hz == 16000 and channels == 2
    info = opened(library).info
    assert info.input is not None
    assert (info.input.rate_hz, info.input.channels, info.input.host_api) == (16000, 2, "ALSA")
    assert info.notes == (
        "USB Audio, ALSA refused its own 22050 Hz and was opened at 16000 Hz.",
        "HDMI, ALSA refused its own 48000 Hz and was opened at 16000 Hz.",
    )


def test_wasapi_converts_where_it_takes_no_rate_as_it_is_and_only_there() -> None:
    library = RefusingSounddevice()
    tried: list[tuple[int, Any]] = []

    def converts(rate_hz: int, channels: int, settings: Any) -> bool:
        tried.append((rate_hz, settings))
        return settings == "converting"

    library.takes = converts
    wasapi = (replace(MICROPHONE, host_api="Windows WASAPI"), replace(SPEAKER, host_api="Windows WASAPI"))
    info = opened(library, *wasapi).info
    assert info.input is not None
    assert info.input.rate_hz == MICROPHONE.native_rate_hz
    assert all("shared mode" in note for note in info.notes)
    assert len(info.notes) == 2
    # Every rate as it is comes before the first that is converted.
    settings = [settings for _, settings in tried[: tried.index((22050, "converting")) + 1]]
    assert settings.count("converting") == 1
    assert len(settings) > 10
    with pytest.raises(UnsupportedFormatError):
        opened(library)


def test_pyaudio_takes_the_same_device_of_a_host_api_that_converts() -> None:
    long_name = "Microphone (A USB Audio Device With A Long Name)"
    wasapi = Device(4, long_name, "Windows WASAPI", 1, 0, 48000)
    mme = Device(0, long_name[:31], "MME", 1, 0, 44100)
    others = [Device(1, long_name, "Windows WDM-KS", 1, 0, 48000), Device(2, long_name, "MME", 0, 2, 44100)]
    assert converting_twin([mme, *others, wasapi], wasapi, Direction.INPUT) == mme
    direct = Device(3, long_name, "Windows DirectSound", 1, 0, 44100)
    assert converting_twin([mme, direct, *others, wasapi], wasapi, Direction.INPUT) == direct
    assert converting_twin([*others, wasapi], wasapi, Direction.INPUT) is None
    assert converting_twin([mme, direct, wasapi], mme, Direction.INPUT) is None


def test_a_probe_closes_what_it_opens_and_tells_a_refusal_from_a_busy_device() -> None:
    open_now: list[int] = []

    def takes_stereo_at_48_khz(rate_hz: int, channels: int) -> Any:
        if (rate_hz, channels) != (48000, 2):
            raise PortAudioFailure(portaudio.INVALID_SAMPLE_RATE, "Invalid sample rate")
        open_now.append(rate_hz)
        return SimpleNamespace(close=lambda: open_now.remove(rate_hz))

    assert takes_rate(MICROPHONE, Direction.INPUT, 48000, takes_stereo_at_48_khz)
    assert not takes_rate(MICROPHONE, Direction.INPUT, 44100, takes_stereo_at_48_khz)
    assert not open_now

    def busy(*_: int) -> Any:
        raise PortAudioFailure(portaudio.DEVICE_UNAVAILABLE, "Device unavailable")

    with pytest.raises(DeviceBusyError):
        takes_rate(MICROPHONE, Direction.INPUT, 48000, busy)


def test_a_busy_speaker_closes_the_microphone_again() -> None:
    busy = PortAudioError("Error opening Stream: Device unavailable", -9985)
    library = RefusingSounddevice(open_output=busy)
    with pytest.raises(DeviceBusyError, match=r"^HDMI, ALSA cannot be opened: Device unavailable\."):
        opened(library)
    assert library.closed == library.opened == ["input"]


def test_a_stream_that_does_not_start_is_named_with_what_the_host_said() -> None:
    host = (0, -19, "No such device")
    library = RefusingSounddevice(start_input=PortAudioError("Error starting stream: Unanticipated", -9999, host))
    stream = opened(library)
    with pytest.raises(StreamLostError, match=r"^USB Audio, ALSA .*Unanticipated: No such device \(.*-9999\)"):
        stream.start()
    stream.close()
    stream.close()
    assert library.closed == ["input", "output"]
    assert not stream.active


def test_a_stream_whose_start_hangs_is_closed_when_that_returns_and_nobody_waits_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(portaudio, "_CLOSE_S", 0.05)
    library = HangingSounddevice()
    stream = opened(library)
    starting = DaemonThread().submit(stream.start)
    assert library.starts.wait(30)
    stream.close()
    assert library.closed == []
    assert not portaudio.can_be_ended()
    library.answers.set()
    starting.result(30)
    assert library.all_closed.wait(30)
    assert library.closed == ["input", "output"]


@pytest.mark.parametrize(
    ("module", "backend"), [("sounddevice", SounddeviceBackend), ("pyaudio", PyAudioBackend)], ids=lambda value: value
)
def test_a_missing_package_and_a_missing_library_differ(
    monkeypatch: pytest.MonkeyPatch, module: str, backend: type[Any]
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(LibraryMissingError, match="not installed"):
        backend()

    class Unlinked(ModuleType):
        """Installed, but what it is linked with is not there: its import fails while PortAudio is loaded."""

        def __getattr__(self, name: str) -> Any:
            raise ImportError("libportaudio.so.2: cannot open shared object file")

    def no_portaudio(name: str, *_: Any) -> Any:
        raise OSError("PortAudio library not found")

    if module == "pyaudio":
        monkeypatch.setitem(sys.modules, module, Unlinked(module))
    else:
        monkeypatch.delitem(sys.modules, module)
        monkeypatch.setattr("builtins.__import__", _importing(module, no_portaudio))
    with pytest.raises(PortAudioMissingError, match="PortAudio"):
        backend()


def _importing(module: str, instead: Any) -> Any:
    original = __import__

    def importing(name: str, *arguments: Any) -> Any:
        return instead(name) if name == module else original(name, *arguments)

    return importing


@pytest.mark.parametrize("request_", [StreamRequest(block_ms=0), StreamRequest(block_ms=-5)], ids=["zero", "negative"])
def test_an_impossible_block_is_refused_before_anything_is_opened(request_: StreamRequest) -> None:
    with pytest.raises(InvalidInputError, match="impossible"):
        portaudio.check_request(request_, "sounddevice")


def test_files_are_refused_by_backends_of_devices(tmp_path: Any) -> None:
    with pytest.raises(InvalidInputError, match="not files"):
        portaudio.check_request(StreamRequest(input_file=tmp_path / "in.wav"), "pyaudio")
