"""PortAudio is restarted and ended under no stream, and not while one is being closed."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import weakref
from functools import partial

import pytest

from backends import portaudio
from backends.portaudio import close_within, forget, keep_until_closed, restart
from backends.portaudio_streams import PortAudioStreams
from backends.pyaudio import PyAudioBackend
from backends.sounddevice import SounddeviceBackend
from engine.audio.device import exclusive
from engine.audio.port.audio_port import AudioPort
from engine.audio.types import Device, Direction, StreamRequest


@pytest.fixture(autouse=True)
def _no_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams that another test has left open are not this one's."""
    monkeypatch.setattr(portaudio, "_open_streams", set())


def test_closing_goes_on_where_the_interpreter_gives_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """From Python 3.12 on, `atexit` functions get none: a stream left open there is a segmentation fault."""

    def refuse(_: object) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr("threading.Thread.start", refuse)
    closed: list[bool] = []
    close_within(lambda: closed.append(True), keep_alive=None)
    assert closed


def closing_threads() -> list[threading.Thread]:
    """The threads that close a stream."""
    return [thread for thread in threading.enumerate() if thread.name == "voice-close"]


def test_a_closing_that_hangs_keeps_its_memory_and_portaudio_until_it_returns(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that took 2 s once, as after a suspend, kept the process from seeing new devices for good."""
    monkeypatch.setattr(portaudio, "_CLOSE_S", 0.05)
    released, memory = threading.Event(), threading.Event()
    kept, restarts = weakref.ref(memory), list[bool]()

    def close() -> None:
        released.wait(30)

    close_within(close, keep_alive=memory)
    del memory
    assert kept() is not None
    assert "does not close" in restart(lambda: restarts.append(True), ends_others=False)
    assert restarts == []
    (closing,) = closing_threads()
    released.set()
    closing.join(30)
    del closing
    gc.collect()
    assert kept() is None
    assert restart(lambda: restarts.append(True), ends_others=False) == ""
    assert restarts == [True]


def test_streams_are_closed_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads that stand in JACK's Pa_CloseStream at once abort the process."""
    monkeypatch.setattr(portaudio, "_CLOSE_S", 0.05)
    released, order = threading.Event(), list[str]()

    class Hanging:
        rate_hz, channels, block_frames, latency_ms, active = 48000, 1, 480, 10.0, True

        def __init__(self, name: str) -> None:
            self._name = name

        def start(self) -> None:
            """Run already."""

        def close(self) -> None:
            order.append(self._name)
            released.wait(30)

    streams = PortAudioStreams("sounddevice", AudioPort())
    device = Device(0, "card", "ALSA", 1, 1, 48000)
    openers = {direction: partial(lambda name, *_: Hanging(name), direction.value) for direction in Direction}
    streams.open([device], StreamRequest(), lambda opening: (openers[opening.direction], None))
    streams.close()
    assert order == ["input"]
    (closing,) = closing_threads()
    released.set()
    closing.join(30)
    assert order == ["input", "output"]


@pytest.mark.parametrize("backend", [SounddeviceBackend, PyAudioBackend])
def test_the_list_is_renewed_under_no_stream_of_ours_and_under_those_of_others_only_if_allowed(
    backend: type[SounddeviceBackend | PyAudioBackend], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, restarts = backend(), list[bool]()
    monkeypatch.setattr(made, "_restart", lambda: restarts.append(True))
    stream = threading.Event()
    keep_until_closed(stream)  # type: ignore[arg-type]
    monkeypatch.setattr(exclusive, "_allowed", True)
    assert "another stream of this program is open" in made.refresh()
    forget(stream)  # type: ignore[arg-type]
    assert restarts == []
    assert made.refresh() == ""
    assert restarts == [True]
    monkeypatch.setattr(exclusive, "_allowed", False)
    # PyAudio's own count of who uses PortAudio protects the streams of others.
    assert bool(made.refresh()) == (backend is SounddeviceBackend)
    made.close()


@pytest.mark.parametrize("hangs", [False, True])
def test_the_library_is_ended_with_the_process_unless_a_stream_hangs_in_it(hangs: bool) -> None:
    """`Pa_Terminate` waits for a stream that hangs, and the process with it."""
    program = f"""
import threading
import sounddevice
from backends import portaudio
from backends.sounddevice import SounddeviceBackend
SounddeviceBackend()
def ended():
    print("ended", flush=True)
    sounddevice._initialized = 0
sounddevice._terminate = ended
portaudio._CLOSE_S = 0.05
portaudio.close_within(threading.Event().wait if {hangs} else print, keep_alive=None)
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert ("ended" in run.stdout) != hangs


def test_portaudio_that_was_ended_by_others_is_an_error_of_ours_and_its_streams_are_over() -> None:
    program = """
import sounddevice
from types import SimpleNamespace
from backends.portaudio import Opening
from backends.sounddevice import SounddeviceBackend, SounddeviceStream
from engine.audio.types import Device
from engine.audio.types import Direction
from engine.audio.port.audio_port import AudioPort
from engine.errors import StreamLostError
class Ended:
    samplerate, channels, blocksize, latency = 48000, 1, 480, 0.01
    def __init__(self, **_):
        pass
    @property
    def active(self):
        raise sounddevice.PortAudioError("Invalid stream pointer", -9988)
backend = SounddeviceBackend()
sounddevice._StreamBase = Ended
device = Device(0, "Microphone", "ALSA", 1, 0, 48000)
print(SounddeviceStream(sounddevice, Opening(AudioPort(), device, Direction.INPUT), 48000, 1).active)
sounddevice._terminate()
try:
    backend.devices()
except StreamLostError as error:
    print(error)
sounddevice._initialize()
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert run.stdout.splitlines()[0] == "False"
    assert "PortAudio does not run: PortAudio not initialized" in run.stdout
