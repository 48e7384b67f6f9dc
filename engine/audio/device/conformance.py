"""Conformance of a backend, as tests that its author runs against it: pytest finds them in a subclass.

    from engine.audio.types import StreamRequest
    from engine.audio.device.conformance import BackendConformance
    from my_package import MyBackend


    class TestMyBackend(BackendConformance):
        make_backend = MyBackend
        request = StreamRequest(input="loopback", output="loopback")  # the defaults, where it is left out

The devices are really opened and played, so they should be a virtual card's or a cable's; what is played is quiet.
Plain assertions, no import of pytest: any other runner may call the `test_` methods, each on an instance of its own.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.audio.device.protocol import Backend, Stream
from engine.audio.device.registry import check_protocol
from engine.audio.port.audio_port import AudioPort
from engine.audio.port.stats import StreamStats
from engine.audio.types import SOUND_SERVERS, Device, Direction, StreamRequest, StreamSide
from engine.errors import (
    DeviceBusyError,
    InvalidInputError,
    NoDeviceError,
    PermissionDeniedError,
    StreamLostError,
    UnknownDeviceError,
    UnsupportedFormatError,
    VoiceError,
)

_LOUDNESS = 0.01
"""-40 dB: heard where a person listens, a nuisance nowhere."""
_POLL_S = 0.002
_STILL_S = 0.05
"""Time after `close` in which nothing may change: several blocks."""
_NOWHERE = "a device of no name, 4711"
_REFUSALS = (DeviceBusyError, UnsupportedFormatError, PermissionDeniedError, StreamLostError)
"""Errors with which a listed device may refuse to be opened."""
_GROWING = ("input_calls", "input_frames", "output_calls", "output_frames", "captured_position", "played_position")
_PLACES = (Path("/proc/self/task"), Path("/proc/self/fd"))
"""Threads and descriptors of this process, where the system lists them."""


class BackendConformance:
    """Subclass it as `Test...` and name the backend."""

    make_backend: ClassVar[Callable[[], Backend]]
    """Makes the backend under test: a class, or a `staticmethod`."""
    request: ClassVar[StreamRequest] = StreamRequest()
    """Devices to use, and whatever else the backend needs."""
    openings: ClassVar[int] = 200
    """Times it is opened, started and closed in a row."""
    patience_s: ClassVar[float] = 20.0
    """For anything that is waited for."""

    @contextlib.contextmanager
    def backend(self) -> Iterator[Backend]:
        """A backend, closed afterwards."""
        backend = type(self).make_backend()
        try:
            yield backend
        finally:
            backend.close()

    @contextlib.contextmanager
    def opened(self, request: StreamRequest | None = None) -> Iterator[tuple[AudioPort, Stream]]:
        """A port whose streams are open and not started, closed afterwards."""
        with self.backend() as backend, _opened(backend, request or self.request) as (port, stream):
            yield port, stream

    @contextlib.contextmanager
    def running(self, answer: NDArray[np.float32] | None = None) -> Iterator[tuple[AudioPort, Stream]]:
        """A port whose blocks flow in both directions, with an answer to play from the first one."""
        with self.opened() as (port, stream):
            if answer is not None:
                put(port, answer)
            stream.start()
            self.until(lambda: _flows(port.stats()), "blocks in both directions after `start`")
            yield port, stream

    def until(self, condition: Callable[[], bool], wanted: str, port: AudioPort | None = None) -> None:
        """Return once the condition holds; meanwhile read the port's microphone, as a session does.

        Args:
            condition: Asked every few milliseconds.
            wanted: Words for the message, should it never hold.
            port: A port to read, or None.
        """
        pause = threading.Event()
        for _ in range(round(self.patience_s / _POLL_S)):
            if condition():
                return
            if port is not None and port.capture is not None:
                port.capture.get(port.capture.capacity)
            pause.wait(_POLL_S)
        raise AssertionError(f"{wanted}: waited for {self.patience_s:g} s")

    def test_protocol(self) -> None:
        """It speaks this version of the protocol, and has a name."""
        with self.backend() as backend:
            check_protocol(backend, type(backend).__name__)
            assert backend.name.isprintable() and backend.name, "`name` is a word"

    def test_devices(self) -> None:
        """The list is the same twice, its indices are unique; each direction has one default, and a sound server's."""
        with self.backend() as backend:
            devices = backend.devices()
            assert devices == backend.devices(), "`devices` lists the same twice"
            assert len({device.index for device in devices}) == len(devices), "indices are unique"
            for direction in Direction:
                defaults = [device for device in devices if direction.is_default(device)]
                own = [device for device in defaults if device.host_api not in SOUND_SERVERS]
                assert max(len(own), len(defaults) - len(own)) <= 1, f"one default {direction.value} at most"
                assert all(direction.channels_of(device) > 0 for device in defaults), "a default has channels"
            for device in devices:
                assert device.name and device.host_api, f"{device} has a name and a host API"
                assert min(device.max_input_channels, device.max_output_channels) >= 0, f"channels of {device}"
                assert device.native_rate_hz > 0, f"native rate of {device}"

    def test_opening(self) -> None:
        """Opening attaches what `info` says, and moves nothing before `start`."""
        with self.opened() as (port, stream):
            _check_sides(port, stream)
            assert not stream.active, "a stream is not active before `start`"
            stats = port.stats()
            assert stats.input_calls == stats.output_calls == 0, "no block flows before `start`"

    def test_formats(self) -> None:
        """Each listed device opens with channels and a rate of its own, or is refused by an error of the right kind."""
        with self.backend() as backend:
            for device in backend.devices():
                for direction in Direction:
                    _check_device(backend, device, direction, self._naming(device, direction))

    def _naming(self, device: Device, direction: Direction) -> StreamRequest:
        index = str(device.index)
        if direction is Direction.INPUT:
            return replace(self.request, input=index)
        return replace(self.request, output=index)

    def test_block_lengths(self) -> None:
        """Blocks are as long as asked, and as long as `info` says where it names a length."""
        for block_ms in (5.0, 10.0, 40.0):
            with self.opened(replace(self.request, block_ms=block_ms)) as (port, stream):
                stream.start()
                self.until(lambda port=port: _flows(port.stats()), f"blocks of {block_ms:g} ms")  # type: ignore[misc]
                stream.close()
                stats = port.stats()
                assert stream.info.input is not None and stream.info.output is not None
                _check_block(stream.info.input, stats.input_frames, stats.input_calls, block_ms)
                _check_block(stream.info.output, stats.output_frames, stats.output_calls, block_ms)

    def test_start_and_stop(self) -> None:
        """Opened, started and closed many times, it leaves no thread and no descriptor behind."""
        with self.backend() as backend:
            self._start_and_stop(backend, wait=True)
            before = _left()
            for number in range(self.openings):
                self._start_and_stop(backend, wait=number % 4 == 0)
            self.until(lambda: _no_more_than(before), f"threads and descriptors to be {before} again")

    def _start_and_stop(self, backend: Backend, *, wait: bool) -> None:
        with _opened(backend, self.request) as (port, stream):
            stream.start()
            if wait:
                self.until(lambda: _flows(port.stats()), "blocks in both directions")

    def test_closing_while_running(self) -> None:
        """Closing in the middle of an answer ends the blocks at once and for good; closing again does nothing."""
        with self.running(tone(seconds=2.0)) as (port, stream):
            was_active = stream.active
            closer = threading.Thread(target=stream.close)
            closer.start()
            while closer.is_alive() and port.capture is not None:
                port.capture.get(4096)
            closer.join()
            closed = port.stats()
            assert was_active, "a running stream is active"
            assert not stream.active, "a closed stream is not active"
            threading.Event().wait(_STILL_S)
            assert port.stats() == closed, "the port's memory is not touched after `close`"
            stream.close()

    def test_closing_without_starting(self) -> None:
        """A stream that never ran is closed like any other, and the device can be opened again."""
        with self.backend() as backend:
            for _ in range(3):
                with _opened(backend, self.request) as (_, stream):
                    stream.close()
                    assert not stream.active, "a closed stream is not active"

    def test_positions(self) -> None:
        """Positions only grow, and in the end every frame of the answer was taken once."""
        answer = tone(seconds=0.5)
        with self.running(answer) as (port, stream):
            seen = [port.stats()]
            while seen[-1].played_position < answer.size:
                self.until(lambda: port.stats() != seen[-1], "the answer to be played", port)
                seen.append(port.stats())
            stream.close()
            last = port.stats()
        for before, after in zip(seen, [*seen[1:], last], strict=True):
            for name in _GROWING:
                assert getattr(after, name) >= getattr(before, name), f"{name} only grows"
        assert last.played_position == last.written_position == answer.size, "every frame put is played once"
        assert last.output_frames >= answer.size, "a frame played is a frame the device took"
        assert last.captured_position == last.input_frames - last.input_overflow_frames, "frames in are captured"

    def test_flush(self) -> None:
        """An answer that is dropped ends with a fade, and the next one plays whole."""
        with self.running(tone(seconds=2.0)) as (port, _):
            written = port.stats().written_position
            port.drop_before(written)
            self.until(lambda: port.dropped_before == written, "what is dropped to be gone", port)
            cut = port.cuts()[-1]
            assert cut.asked == written
            assert cut.cut_at <= written == port.stats().played_position, "it is cut where it was, then skipped"
            next_answer = tone(seconds=0.1)
            put(port, next_answer)
            self.until(lambda: port.stats().played_position == written + next_answer.size, "the next answer", port)

    def test_underrun(self) -> None:
        """Silence in the middle of an answer is counted once a gap; silence between answers is not."""
        with self.running(tone(seconds=0.05)) as (port, _):
            self.until(lambda: port.stats().played_position == port.stats().written_position, "a short answer", port)
            assert port.stats().output_underruns == 0, "the end of an answer is no underrun"
            port.expect_more(True)
            for gap in (1, 2):
                self.until(lambda gap=gap: port.stats().output_underruns == gap, f"gap {gap}", port)  # type: ignore[misc]
                put(port, tone(seconds=0.05))
                self.until(lambda: port.stats().played_position == port.stats().written_position, "what followed", port)
            assert port.stats().output_underrun_frames > 0
            port.expect_more(False)

    def test_stats(self) -> None:
        """Blocks and frames are counted in both directions, and levels are those of what came in."""
        with self.running() as (port, stream):
            self.until(lambda: min(port.stats().input_calls, port.stats().output_calls) >= 10, "ten blocks", port)
            stream.close()
            stats = port.stats()
        assert stats.input_frames >= stats.input_calls, "a block has frames"
        assert stats.output_frames >= stats.output_calls, "a block has frames"
        assert stats.input_peak_db >= stats.input_rms_db - 0.01, "the peak is not below the mean"
        assert stats.output_underruns == 0, "nothing was expected, so nothing was missing"

    def test_errors(self) -> None:
        """Refuse what cannot be opened with the error that says what to do, and leave the backend as it was."""
        nowhere = Path(__file__).parent / "no such folder" / "file.wav"
        wrong: list[tuple[StreamRequest, tuple[type[VoiceError], ...]]] = [
            (replace(self.request, input=_NOWHERE), (UnknownDeviceError, NoDeviceError)),
            (replace(self.request, output=_NOWHERE), (UnknownDeviceError, NoDeviceError)),
            (replace(self.request, block_ms=0.0), (InvalidInputError,)),
            (replace(self.request, block_ms=-10.0), (InvalidInputError,)),
            (replace(self.request, input_file=nowhere), (InvalidInputError,)),
            (replace(self.request, output_file=nowhere), (InvalidInputError,)),
        ]
        with self.backend() as backend:
            for request, kinds in wrong:
                names = " or ".join(kind.__name__ for kind in kinds)
                try:
                    backend.open(AudioPort(), request).close()
                except kinds as error:
                    assert error.message, f"{names} says what is wrong"
                except Exception as error:
                    raise AssertionError(f"{request} raises {error!r}, not {names}") from error
                else:
                    raise AssertionError(f"{request} is opened; it is to raise {names}")
            self._start_and_stop(backend, wait=True)


def tone(*, seconds: float) -> NDArray[np.float32]:
    """A quiet tone: float32, counted at 48 kHz, whatever the device's rate."""
    return (_LOUDNESS * np.sin(np.arange(round(48000 * seconds)) / 20)).astype(np.float32)


def put(port: AudioPort, answer: NDArray[np.float32]) -> None:
    """Queue an answer whole."""
    assert port.playback is not None, "`open` attaches an output"
    assert port.playback.put(answer) == answer.size


@contextlib.contextmanager
def _opened(backend: Backend, request: StreamRequest) -> Iterator[tuple[AudioPort, Stream]]:
    port = AudioPort()
    stream = backend.open(port, request)
    try:
        yield port, stream
    finally:
        stream.close()


def _flows(stats: StreamStats) -> bool:
    return stats.input_calls > 0 and stats.output_calls > 0


def _left() -> tuple[int, ...]:
    """Threads of Python, and threads and descriptors of the process where the system lists them."""
    return (threading.active_count(), *(len(list(place.iterdir())) for place in _PLACES if place.exists()))


def _no_more_than(before: tuple[int, ...]) -> bool:
    return all(now <= then for now, then in zip(_left(), before, strict=True))


def _check_sides(port: AudioPort, stream: Stream) -> None:
    """Compare the sides that `info` names with those that the port was given."""
    source, target = stream.info.input, stream.info.output
    assert source is not None and target is not None, "a microphone and a speaker are opened"
    assert port.capture is not None and port.playback is not None, "both are attached"
    assert (source.rate_hz, target.rate_hz) == (port.input_rate_hz, port.output_rate_hz), "`info` has the port's rates"
    for side in (source, target):
        assert side.device and side.channels >= 1 and side.latency_ms >= 0, f"{side} is complete"


def _check_device(backend: Backend, device: Device, direction: Direction, request: StreamRequest) -> None:
    """One device in one direction: opened within its channels, or refused in order."""
    if direction.channels_of(device) == 0:
        try:
            backend.open(AudioPort(), request).close()
        except (UnknownDeviceError, NoDeviceError):
            return
        raise AssertionError(f"{device.name} has no {direction.value}, and is opened as one")
    try:
        with _opened(backend, request) as (port, stream):
            _check_sides(port, stream)
            side = stream.info.input if direction is Direction.INPUT else stream.info.output
            assert side is not None
            assert side.channels <= direction.channels_of(device), f"{side} has more channels than {device}"
    except _REFUSALS as refusal:
        assert refusal.fix, f"{type(refusal).__name__} says what to do"


def _check_block(side: StreamSide, frames: int, calls: int, block_ms: float) -> None:
    wanted = side.rate_hz * block_ms / 1000
    assert side.block_frames == 0 or abs(side.block_frames - wanted) <= 1, f"{side}, asked for {block_ms:g} ms"
    if side.block_frames:
        assert abs(frames / calls - side.block_frames) <= 1, f"{frames} frames in {calls} blocks: {side}"
