"""A file for one direction leaves the other one real."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from backends.virtual import VirtualBackend
from backends.virtual_microphone import FedMicrophone
from backends.virtual_stream import VirtualStream
from engine.audio.device.file_beside import FileBeside
from engine.audio.device.open_stream import OpenStream
from engine.audio.port.audio_port import AudioPort
from engine.audio.types import Direction, StreamRequest
from engine.errors import InvalidInputError
from tests.support.soundcard import SoundCard

RATE_HZ = 48000
SPOKEN = np.full(RATE_HZ, 0.25, np.float32)

FLOW = """
import sys
from pathlib import Path
from backends.sounddevice import SounddeviceBackend
from backends.virtual import VirtualBackend
from engine.audio.device.file_beside import FileBeside
from engine.audio.device.open_stream import OpenStream
from engine.audio.port.audio_port import AudioPort
from engine.audio.types import StreamRequest

for request in (
    StreamRequest(input="vmic", output_file=Path(sys.argv[1])),
    StreamRequest(output="vspk", input_file=Path(sys.argv[1])),
):
    port = AudioPort()
    stream = OpenStream(FileBeside(SounddeviceBackend(), VirtualBackend()), port, request)
    stream.start()
    while min(port.calls) < 5:
        pass
    stream.close()
    print(Path(stream.info.input.device).name, Path(stream.info.output.device).name, stream.info.backend)
"""


def opened(request: StreamRequest, devices: VirtualBackend) -> tuple[OpenStream, AudioPort]:
    port = AudioPort()
    return OpenStream(FileBeside(devices, VirtualBackend()), port, request), port


def until(done: Callable[[], bool]) -> None:
    while not done():
        pass


def test_what_is_said_is_heard_and_the_answer_is_written(tmp_path: Path) -> None:
    microphone = FedMicrophone(RATE_HZ)
    stream, port = opened(StreamRequest(output_file=tmp_path / "out.wav"), VirtualBackend(microphone=microphone))
    assert port.playback is not None
    assert port.capture is not None
    microphone.feed(SPOKEN)
    port.playback.put(np.full(4800, 0.5, np.float32))
    stream.start()
    until(lambda: port.stats().played_position == 4800 and port.stats().captured_position >= 4800)
    assert stream.active
    stream.close()
    assert np.array_equal(port.capture.get(4800), SPOKEN[:4800])
    written, _ = soundfile.read(tmp_path / "out.wav")
    assert np.allclose(written[:4800], 0.5, atol=1e-4)
    assert stream.info.input is not None
    assert stream.info.input.device == microphone.name
    assert stream.info.output is not None
    assert stream.info.output.device == str(tmp_path / "out.wav")


def test_a_file_is_spoken_and_ends_and_a_direction_that_nobody_wants_stays_closed(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "in.wav", SPOKEN[:4800], RATE_HZ)
    for directions in (tuple(Direction), (Direction.INPUT,)):
        request = StreamRequest(input_file=tmp_path / "in.wav", directions=directions)
        stream, port = opened(request, VirtualBackend())
        stream.start()
        until(lambda port=port: port.input_ended)  # type: ignore[misc] # mypy knows no default of a lambda
        stream.close()
        assert (port.playback is not None) == (Direction.OUTPUT in directions) == (stream.info.output is not None)


def test_a_device_that_does_not_open_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    class Refusing(VirtualBackend):
        def open(self, port: AudioPort, request: StreamRequest) -> None:  # type: ignore[override]
            raise InvalidInputError("no")

    (tmp_path / "out.wav").write_bytes(b"of yesterday")
    with pytest.raises(InvalidInputError, match="no"):
        opened(StreamRequest(output_file=tmp_path / "out.wav"), Refusing())
    assert (tmp_path / "out.wav").read_bytes() == b"of yesterday"


def test_a_file_that_cannot_be_closed_leaves_no_device_open(tmp_path: Path) -> None:
    closings: list[Callable[[], None]] = []
    of_device: list[VirtualStream] = []

    class Full(VirtualBackend):
        def open(self, port: AudioPort, request: StreamRequest) -> VirtualStream:
            stream = super().open(port, request)
            closings.append(stream.close)
            stream.close = full_disk  # type: ignore[method-assign]
            return stream

    class Kept(VirtualBackend):
        def open(self, port: AudioPort, request: StreamRequest) -> VirtualStream:
            of_device.append(super().open(port, request))
            return of_device[-1]

    def full_disk() -> None:
        raise OSError("the disk is full")

    stream = FileBeside(Kept(), Full()).open(AudioPort(), StreamRequest(output_file=tmp_path / "out.wav"))
    stream.start()
    with pytest.raises(OSError, match="disk is full"):
        stream.close()
    assert not of_device[0].active
    closings[0]()


@pytest.mark.soundcard
def test_a_real_device_and_a_file_run_side_by_side(soundcard: SoundCard, tmp_path: Path) -> None:
    command = [sys.executable, "-c", FLOW, str(tmp_path / "a.wav")]
    run = subprocess.run(command, env=soundcard.environment, capture_output=True, text=True, timeout=120, check=False)
    assert run.stdout.splitlines() == ["vmic a.wav sounddevice", "a.wav vspk sounddevice"], run.stderr
