"""The protocol's example runs as it stands; the suite for backends lets it pass, and catches its broken kin."""

from __future__ import annotations

import inspect
import subprocess
import sys
import textwrap
import threading
from typing import Any, ClassVar

import pytest

from backends.virtual import VirtualBackend
from engine.audio.device import protocol
from engine.audio.device.conformance import BackendConformance
from engine.audio.device.protocol import Stream
from engine.audio.port.audio_port import AudioPort
from engine.audio.types import Device, StreamRequest
from engine.errors import InvalidInputError, VoiceError


def example() -> dict[str, Any]:
    """What the code in the protocol's docstring defines."""
    documentation = protocol.__doc__ or ""
    begin, end = documentation.index("    import threading"), documentation.index("A library that calls back in C")
    names: dict[str, Any] = {"__name__": "example"}
    exec(textwrap.dedent(documentation[begin:end]), names)
    return names


EXAMPLE = example()
Ticking: Any = EXAMPLE["TickingBackend"]
TickingStream: Any = EXAMPLE["TickingStream"]


class TestExample(BackendConformance):
    make_backend = Ticking
    openings = 20


class TestVirtual(BackendConformance):
    make_backend = VirtualBackend


def test_the_suite_needs_no_pytest() -> None:
    code = "import sys, engine.audio.device.conformance; print('pytest' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


class OfAnotherTime(Ticking):
    protocol_version = (2, 0)


class TwoDefaults(Ticking):
    def devices(self) -> list[Device]:
        return [Device(n, f"clock {n}", "ticking", 1, 1, 48000, is_default_input=True) for n in range(2)]


class Changing(Ticking):
    """Its stream is of a kind of its own."""

    stream: ClassVar[type[Any]] = TickingStream

    def open(self, port: AudioPort, request: StreamRequest) -> Stream:
        super().open(AudioPort(), request)
        stream: Stream = self.stream(port, request.block_ms or 10.0)
        return stream


class _AttachesAnother(TickingStream):
    def __init__(self, port: AudioPort, block_ms: float) -> None:
        super().__init__(port, block_ms)
        port.attach_output(44100, channels=1)


class SaysAnotherRate(Changing):
    stream = _AttachesAnother


class _RunsAtOnce(TickingStream):
    def __init__(self, port: AudioPort, block_ms: float) -> None:
        super().__init__(port, block_ms)
        self._thread.start()
        while not port.stats().output_calls:
            pass

    def start(self) -> None:
        pass


class StartsByItself(Changing):
    stream = _RunsAtOnce


class _GoesOn(TickingStream):
    def close(self) -> None:
        threading.Timer(0.2, super().close).start()


class GoesOnAfterClose(Changing):
    stream = _GoesOn


class _ClosesOnce(TickingStream):
    closed = False

    def close(self) -> None:
        if self.closed:
            raise RuntimeError("closed twice")
        self.closed = True
        super().close()


class ClosesOnce(Changing):
    stream = _ClosesOnce


class _Leaking(TickingStream):
    def start(self) -> None:
        super().start()
        self.file = open("/dev/null")  # noqa: SIM115, PTH123 - left open on purpose
        LEAKED.append(self.file)


LEAKED: list[Any] = []


class Leaking(Changing):
    stream = _Leaking


class _OtherBlocks(TickingStream):
    def __init__(self, port: AudioPort, block_ms: float) -> None:
        super().__init__(port, 10.0)


class IgnoresBlockLength(Changing):
    stream = _OtherBlocks


class _Skipping(TickingStream):
    def _run(self) -> None:
        while not self._ending.wait(0.01):
            assert self._port.playback is not None
            self._port.playback.get(96)
            super_block = EXAMPLE["np"].zeros((2, self._frames, 1), EXAMPLE["np"].float32)
            self._port.process(*super_block)


class SkipsFrames(Changing):
    stream = _Skipping


class _Deaf(TickingStream):
    def _run(self) -> None:
        speaker = EXAMPLE["np"].zeros((self._frames, 1), EXAMPLE["np"].float32)
        while not self._ending.wait(0.01):
            self._port.process(None, speaker)


class NeverHears(Changing):
    stream = _Deaf


class OpensAnything(Ticking):
    def open(self, port: AudioPort, request: StreamRequest) -> Stream:
        stream: Stream = TickingStream(port, abs(request.block_ms or 10.0))
        return stream


class RaisesItsOwn(Ticking):
    def open(self, port: AudioPort, request: StreamRequest) -> Stream:
        try:
            stream: Stream = super().open(port, request)
        except VoiceError as error:
            raise OSError(error.message) from error
        return stream


class BlamesTheCaller(Ticking):
    def open(self, port: AudioPort, request: StreamRequest) -> Stream:
        try:
            stream: Stream = super().open(port, request)
        except VoiceError as error:
            raise InvalidInputError(error.message) from error
        return stream


@pytest.mark.parametrize(
    ("broken", "caught_by"),
    [
        (OfAnotherTime, "protocol"),
        (TwoDefaults, "devices"),
        (SaysAnotherRate, "opening"),
        (StartsByItself, "opening"),
        (OpensAnything, "errors"),
        (RaisesItsOwn, "errors"),
        (BlamesTheCaller, "errors"),
        (IgnoresBlockLength, "block_lengths"),
        (NeverHears, "stats"),
        (GoesOnAfterClose, "closing_while_running"),
        (ClosesOnce, "closing_while_running"),
        (ClosesOnce, "closing_without_starting"),
        (Leaking, "start_and_stop"),
        (SkipsFrames, "positions"),
    ],
)
def test_a_broken_backend_is_caught(broken: Any, caught_by: str) -> None:
    class Suite(BackendConformance):
        make_backend = broken
        openings = 4
        patience_s = 1.0

    with pytest.raises((AssertionError, VoiceError, RuntimeError)):
        getattr(Suite(), f"test_{caught_by}")()
    for file in LEAKED:
        file.close()
    LEAKED.clear()


def test_every_check_is_one_that_this_module_runs() -> None:
    checks = {name for name, _ in inspect.getmembers(BackendConformance) if name.startswith("test_")}
    assert len(checks) == 13
