"""Backends are found as plugins; one that fails is named and disturbs nobody; devices are named as people name them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint

import pytest

from engine.audio.device.blame import close_backend
from engine.audio.device.matching import find_device
from engine.audio.device.open_stream import OpenStream
from engine.audio.device.protocol import PROTOCOL_VERSION, Backend
from engine.audio.device.rate_probe import probe_rates
from engine.audio.device.registry import backend_names, devices_to_talk, load_backend, open_backend, open_hotplugged
from engine.audio.port.audio_port import AudioPort
from engine.audio.session_audio import SessionAudio
from engine.audio.soundcheck.audition import Audition
from engine.audio.types import Device, Direction, StreamRequest
from engine.errors import (
    InvalidInputError,
    LibraryMissingError,
    NoDeviceError,
    PortAudioMissingError,
    StreamLostError,
    UnknownDeviceError,
    VoiceError,
)
from tests.support.manual_backend import ManualBackend, ManualStream

DEVICES = [
    Device(0, "HDA Intel PCH", "ALSA", 2, 2, 48000),
    Device(1, "USB Audio", "ALSA", 1, 2, 44100, is_default_output=True),
    Device(2, "USB Audio", "JACK", 1, 2, 48000),
    Device(3, "Webcam", "ALSA", 1, 0, 16000, is_default_input=True),
]


class Fake:
    """A backend of a plugin."""

    name = "fake"
    protocol_version = PROTOCOL_VERSION
    closed = 0

    def devices(self) -> list[Device]:
        return DEVICES

    def open(self, port: AudioPort, request: StreamRequest) -> None:
        raise NotImplementedError

    def close(self) -> None:
        type(self).closed += 1


class Deaf(Fake):
    """One without a microphone."""

    def devices(self) -> list[Device]:
        return [Device(0, "Speaker", "ALSA", 0, 2, 48000)]


class Old(Fake):
    """One for an older protocol."""

    protocol_version = (PROTOCOL_VERSION[0] - 1, 0)


class Newer(Fake):
    """One that relies on what this engine does not have yet."""

    protocol_version = (PROTOCOL_VERSION[0], PROTOCOL_VERSION[1] + 1)


class Unversioned:
    """One that names no version."""

    name = "unversioned"


class Half:
    """One that cannot open."""

    name = "half"
    protocol_version = PROTOCOL_VERSION

    def devices(self) -> list[Device]:
        return []

    def close(self) -> None:
        """Nothing to give back."""


class Exits(Fake):
    """One that takes the program for its own."""

    def __init__(self) -> None:
        sys.exit("goodbye")


class Hotplugged(Fake):
    """One that sees devices anew."""

    def refresh(self) -> None:
        """The list is always new."""


class Broken(Fake):
    """One that fails at everything in ways of its own."""

    def devices(self) -> list[Device]:
        raise RuntimeError("no bus")

    def open(self, port: AudioPort, request: StreamRequest) -> None:
        raise RuntimeError("no bus")

    def opens_at(self, device: Device, direction: Direction, rate_hz: int) -> bool:
        raise RuntimeError("no bus")

    def close(self) -> None:
        raise RuntimeError("no bus")


class BreakingStream(ManualStream):
    """One that raises where one of its parts is touched."""

    part = ""

    def __getattribute__(self, name: str) -> object:
        if name == object.__getattribute__(self, "part"):
            raise RuntimeError("no bus")
        return super().__getattribute__(name)


class BreaksLater(ManualBackend):
    """One that opens, and fails at one thing afterwards."""

    def __init__(self, part: str) -> None:
        super().__init__()
        self._part = part

    def open(self, port: AudioPort, request: StreamRequest) -> ManualStream:
        stream = BreakingStream(port)
        stream.part = self._part
        self.stream = stream
        return stream

    def refresh(self) -> None:
        raise RuntimeError("no bus")


class Empty(Hotplugged):
    """One whose devices are still to come."""

    def devices(self) -> list[Device]:
        return []


class WithoutPortAudio(Fake):
    """One whose library is missing."""

    def __init__(self) -> None:
        raise PortAudioMissingError("PortAudio is not installed.")


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Entry points by name; a test changes them."""
    points = dict.fromkeys(("sounddevice", "pyaudio", "virtual"), f"{__name__}:Fake")
    monkeypatch.setattr(
        "engine.plugins.registered",
        lambda group: [EntryPoint(name, value, group) for name, value in points.items()],
    )
    return points


def test_ours_are_installed_in_order() -> None:
    assert backend_names()[:3] == ["sounddevice", "pyaudio", "virtual"]
    assert load_backend("virtual").name == "virtual"


def test_auto_takes_the_first_that_has_both_directions_and_says_why(plugins: dict[str, str]) -> None:
    plugins["sounddevice"] = f"{__name__}:WithoutPortAudio"
    plugins["pyaudio"] = f"{__name__}:Deaf"
    chosen = open_backend()
    assert chosen.backend.name == Fake.name
    assert "sounddevice: PortAudio is not installed;" in chosen.reason
    assert chosen.reason.endswith("pyaudio: This system has no input device")


class Hangs(Fake):
    """Made where the sound server does not answer."""

    def __init__(self) -> None:
        raise StreamLostError("The sound system has not answered for 20 s.")


def test_auto_does_not_try_the_next_on_a_sound_system_that_hangs(plugins: dict[str, str]) -> None:
    """It would wait as long again, and then play to nobody."""
    plugins["sounddevice"] = f"{__name__}:Hangs"
    with pytest.raises(StreamLostError):
        open_backend()


def test_what_devices_come_to_is_the_first_that_sees_them_come(plugins: dict[str, str]) -> None:
    plugins["sounddevice"] = f"{__name__}:WithoutPortAudio"
    plugins["pyaudio"] = f"{__name__}:Empty"
    assert open_hotplugged().devices() == []
    plugins["pyaudio"] = f"{__name__}:Fake"
    with pytest.raises(PortAudioMissingError):
        open_hotplugged()
    assert open_hotplugged("virtual").name == Fake.name


def test_a_backend_that_is_passed_over_is_closed(plugins: dict[str, str]) -> None:
    plugins["sounddevice"] = f"{__name__}:Deaf"
    Deaf.closed = 0
    open_backend()
    assert Deaf.closed == 1


@pytest.mark.parametrize(
    ("value", "error", "reason"),
    [
        ("no_such_module:X", LibraryMissingError, "'mine' .*no_such_module.* fails: ModuleNotFoundError"),
        (f"{__name__}:Nothing", LibraryMissingError, "'mine' .*fails: AttributeError"),
        (f"{__name__}:Exits", LibraryMissingError, "'mine' .*fails: SystemExit: goodbye"),
        (f"{__name__}:Old", LibraryMissingError, r"version 0\.0 .* this is 1\.0\. Update the package"),
        (f"{__name__}:Newer", LibraryMissingError, r"version 1\.1 .* this is 1\.0\. Update voice-realtime"),
        (f"{__name__}:Unversioned", LibraryMissingError, "'mine' .*does not say for which version"),
        (f"{__name__}:Half", LibraryMissingError, "'mine' .*lacks: open"),
        (f"{__name__}:WithoutPortAudio", PortAudioMissingError, "PortAudio is not installed"),
    ],
)
def test_a_plugin_that_fails_is_named_with_its_reason(
    plugins: dict[str, str], value: str, error: type[VoiceError], reason: str
) -> None:
    plugins["mine"] = value
    with pytest.raises(error, match=reason):
        load_backend("mine")
    assert load_backend("virtual")
    assert backend_names() == ["sounddevice", "pyaudio", "virtual", "mine"]


@pytest.mark.parametrize(
    "use",
    [
        devices_to_talk,
        close_backend,
        lambda backend: SessionAudio(backend, StreamRequest(), input_rate_hz=24000, output_rate_hz=24000),
        lambda backend: Audition(backend).open(StreamRequest(), tone=False),
    ],
)
def test_whatever_a_plugin_raises_is_an_error_that_names_it(
    plugins: dict[str, str], use: Callable[[Backend], object]
) -> None:
    plugins["mine"] = f"{__name__}:Broken"
    with pytest.raises(LibraryMissingError, match=f"{__name__}:Broken fails: RuntimeError: no bus"):
        use(load_backend("mine"))


def test_what_a_plugin_raises_when_it_is_asked_for_rates_is_said_of_the_device() -> None:
    assert "Broken fails: RuntimeError: no bus" in next(probe_rates(Broken(), DEVICES)).trouble


@pytest.mark.parametrize(
    ("part", "use"),
    [
        ("start", lambda audio: audio.start()),
        ("active", lambda audio: audio.active),
        ("close", lambda audio: audio.close()),
        ("refresh", lambda audio: audio.open_again([])),
    ],
)
def test_whatever_a_plugin_raises_later_is_an_error_that_names_it(
    part: str, use: Callable[[SessionAudio], object]
) -> None:
    audio = SessionAudio(BreaksLater(part), StreamRequest(), input_rate_hz=24000, output_rate_hz=24000)
    with pytest.raises(LibraryMissingError, match=f"{__name__}:BreaksLater fails: RuntimeError: no bus"):
        use(audio)
    audio.close()


def test_a_stream_that_does_not_say_how_it_runs_is_closed() -> None:
    backend = BreaksLater("info")
    with pytest.raises(LibraryMissingError, match=f"{__name__}:BreaksLater fails: RuntimeError: no bus"):
        OpenStream(backend, AudioPort(), StreamRequest())
    assert backend.stream is not None
    assert backend.stream.closed


def test_an_unknown_backend_lists_those_there_are() -> None:
    with pytest.raises(InvalidInputError, match="auto, sounddevice, pyaudio, virtual"):
        load_backend("alsa")


@pytest.mark.parametrize(
    ("name", "direction", "index"),
    [
        (None, Direction.INPUT, 3),
        (None, Direction.OUTPUT, 1),
        ("default", Direction.OUTPUT, 1),
        ("0", Direction.INPUT, 0),
        ("webcam", Direction.INPUT, 3),
        ("jack usb", Direction.OUTPUT, 2),
        ("USB Audio, JACK", Direction.INPUT, 2),
        (" intel ", Direction.OUTPUT, 0),
    ],
)
def test_a_device_is_named_by_index_name_or_words(name: str | None, direction: Direction, index: int) -> None:
    assert find_device(DEVICES, name, direction).index == index


def test_ambiguous_and_unknown_names_are_refused_with_the_candidates() -> None:
    with pytest.raises(UnknownDeviceError, match=r"1: USB Audio, ALSA; 2: USB Audio, JACK"):
        find_device(DEVICES, "usb", Direction.INPUT)
    for name in ("bluetooth", "7", "Webcam"):
        with pytest.raises(UnknownDeviceError):
            find_device(DEVICES, name, Direction.OUTPUT)
    with pytest.raises(NoDeviceError):
        find_device([], None, Direction.INPUT)
