"""The pump thread of PyAudio without a native door: the same kernel, the same frames, and an end that is noticed."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from backends.portaudio import INVALID_CHANNEL_COUNT, Opening, PortAudioFailure
from backends.portaudio_streams import PortAudioStreams
from backends.pyaudio import DEGRADED, PyAudioBackend
from backends.pyaudio_native import reach_portaudio
from backends.pyaudio_pump import PumpedStream
from engine.audio.port.audio_port import AudioPort
from engine.audio.types import Device, Direction, StreamRequest
from engine.errors import DeviceBusyError

RATE_HZ = 48000
DEVICE = Device(3, "USB Audio", "ALSA", 2, 2, RATE_HZ)
BLOCK_FRAMES = 480
DEADLINE_S = 20.0


class BlockingStream:
    """PyAudio's blocking stream: gives noise, keeps what it is given, and breaks after so many blocks."""

    def __init__(self, channels: int, blocks: int) -> None:
        rng = np.random.default_rng(1)
        self.microphone = rng.uniform(-1, 1, (blocks * BLOCK_FRAMES, channels)).astype(np.float32)
        self.speaker: list[NDArray[np.float32]] = []
        self.flags: set[bool] = set()
        self.closed = False
        self.start_error: OSError | None = None
        self._blocks = blocks
        self._moved = 0

    def get_input_latency(self) -> float:
        return 0.01

    def get_output_latency(self) -> float:
        return 0.02

    def start_stream(self) -> None:
        if self.start_error:
            raise self.start_error

    def read(self, frames: int, *, exception_on_overflow: bool) -> bytes:
        at = self._next(exception_on_overflow) * BLOCK_FRAMES
        return self.microphone[at : at + frames].tobytes()

    def write(self, data: bytes, frames: int, *, exception_on_underflow: bool) -> None:
        self._next(exception_on_underflow)
        self.speaker.append(np.frombuffer(data, np.float32))

    def close(self) -> None:
        self.closed = True

    def _next(self, flag: bool) -> int:
        self.flags.add(flag)
        if self._moved == self._blocks:
            raise OSError(-9988, "Stream closed")
        self._moved += 1
        return self._moved - 1


class EndlessStream(BlockingStream):
    """One that never breaks and keeps nothing; a write takes its time, as on a device whose buffer is full."""

    def __init__(self) -> None:
        super().__init__(1, 0)
        self._never = threading.Event()

    def write(self, data: bytes, frames: int, *, exception_on_underflow: bool) -> None:
        self._never.wait(0.001)

    def read(self, frames: int, *, exception_on_overflow: bool) -> bytes:
        self._never.wait(0.001)
        return bytes(4 * frames)


class FakePyAudio:
    """Opens one `BlockingStream`, or refuses."""

    def __init__(self, stream: BlockingStream | Exception) -> None:
        self._stream = stream
        self.asked: dict[str, Any] = {}

    def open(self, **asked: Any) -> BlockingStream:
        self.asked = asked
        if isinstance(self._stream, Exception):
            raise self._stream
        return self._stream


def pumped(
    stream: BlockingStream | Exception, port: AudioPort, direction: Direction, channels: int = 2
) -> PumpedStream:
    """A pump on a fake stream."""
    return PumpedStream(FakePyAudio(stream), Opening(port, DEVICE, direction), RATE_HZ, channels)


def streams_on(stream: BlockingStream) -> tuple[PortAudioStreams, FakePyAudio]:
    """A pump for each direction of a fake device."""
    port, fake = AudioPort(), FakePyAudio(stream)
    streams = PortAudioStreams("pyaudio", port, native=False)
    streams.open(
        [DEVICE],
        StreamRequest(),
        lambda opening: (partial(PumpedStream, fake, opening), None),
    )
    return streams, fake


def finish(port: AudioPort, pump: PumpedStream) -> None:
    """Run the pump until the device breaks."""
    pump.start()
    pump._thread.join(DEADLINE_S)
    assert not pump.active
    assert port.finished


def test_the_microphone_reaches_the_capture_ring_frame_for_frame() -> None:
    port, device = AudioPort(), BlockingStream(2, 10)
    port.attach_input(RATE_HZ, 2)
    finish(port, pumped(device, port, Direction.INPUT))
    assert port.capture is not None
    captured = port.capture.get(RATE_HZ)
    assert np.allclose(captured, device.microphone.mean(axis=1), atol=1e-6)
    # The read that failed is not counted.
    assert port.stats().input_frames == 10 * BLOCK_FRAMES


def test_the_playback_ring_reaches_the_speaker_frame_for_frame() -> None:
    port, device = AudioPort(), BlockingStream(2, 10)
    port.attach_output(RATE_HZ, 2)
    assert port.playback is not None
    answer = np.random.default_rng(2).uniform(-1, 1, 4 * BLOCK_FRAMES).astype(np.float32)
    port.playback.put(answer)
    finish(port, pumped(device, port, Direction.OUTPUT))
    played = np.concatenate(device.speaker).reshape(-1, 2)
    assert np.array_equal(played[: answer.size], np.column_stack([answer, answer]))
    assert not played[answer.size :].any()
    assert port.stats().played_position == answer.size


@pytest.mark.parametrize("direction", Direction)
def test_xruns_are_never_exceptions_they_would_destroy_the_stream(direction: Direction) -> None:
    port, device = AudioPort(), BlockingStream(2, 3)
    port.attach_input(RATE_HZ, 2)
    port.attach_output(RATE_HZ, 2)
    finish(port, pumped(device, port, direction))
    assert device.flags == {False}


def test_closing_ends_the_thread_then_the_stream() -> None:
    device = EndlessStream()
    stream, fake = streams_on(device)
    assert fake.asked["output_device_index"] == DEVICE.index
    assert fake.asked["input_device_index"] is None
    stream.start()
    assert stream.active
    stream.close()
    stream.close()
    assert device.closed
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("voice-pump")]


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (OSError(-9985, "Device unavailable"), -9985, "Device unavailable"),
        (OSError("Invalid device", -9996), -9996, "Invalid device"),
        (OSError(), 0, "unknown error"),
        (ValueError("too many channels"), INVALID_CHANNEL_COUNT, "too many channels"),
    ],
)
def test_what_pyaudio_raises_on_opening_keeps_portaudios_code(error: Exception, code: int, text: str) -> None:
    with pytest.raises(PortAudioFailure) as caught:
        pumped(error, AudioPort(), Direction.INPUT)
    assert (caught.value.code, caught.value.text) == (code, text)


def test_a_device_that_is_taken_between_opening_and_starting_is_said_to_be_busy() -> None:
    device = BlockingStream(1, 1)
    device.start_error = OSError(-9985, "Device unavailable")
    stream, _ = streams_on(device)
    with pytest.raises(DeviceBusyError, match="USB Audio, ALSA"):
        stream.start()
    stream.close()
    assert device.closed


def test_an_extension_that_hides_its_portaudio_is_no_error() -> None:
    import _ctypes  # noqa: PLC0415 - a library that certainly is none of PortAudio's

    class Extension:
        __file__ = getattr(_ctypes, "__file__", None) or "/nonexistent.so"

    assert reach_portaudio(Extension) is None


def test_a_pyaudio_that_hides_its_portaudio_says_that_it_is_degraded(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = PyAudioBackend(native=False)
    monkeypatch.setattr(backend, "_pyaudio", FakePyAudio(EndlessStream()))
    monkeypatch.setattr(backend, "devices", lambda: [DEVICE])
    stream = backend.open(AudioPort(), StreamRequest())
    assert stream.info.notes == (DEGRADED,)
    assert not stream.info.native
    stream.close()
