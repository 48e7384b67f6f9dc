"""The virtual backend where its files fail: a full disk, a pipe, a damaged file, a standard input that never ends."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from backends.virtual import VirtualBackend
from backends.virtual_microphone import FedMicrophone
from engine.audio.device.protocol import Stream
from engine.audio.port.audio_port import AudioPort
from engine.audio.types import StreamRequest
from engine.errors import InvalidInputError

RATE_HZ = 48000
DEADLINE_S = 30.0
FULL = Path("/dev/full")
needs_full_device = pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
needs_descriptors = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="descriptors cannot be counted here")

SPEAK_FROM_STDIN = """
import sys
from pathlib import Path
from backends.virtual import VirtualBackend
from backends.virtual_microphone import FedMicrophone
from engine.audio.types import StreamRequest
from engine.audio.port.audio_port import AudioPort

port = AudioPort()
stream = VirtualBackend().open(port, StreamRequest(input_file=Path("-")))
stream.start()
heard = []
while sum(block.size for block in heard if block.any()) < 240:
    heard.append(port.capture.get(240))
stream.close()
print(next(block for block in heard if block.any())[:3] * 32768)
"""


class Refusing(FedMicrophone):
    """Fails at once, as standard input does that is a file."""

    def read(self, frames: int) -> NDArray[np.float32]:
        raise InvalidInputError("no")


def wait_for_the_end(stream: Stream) -> None:
    """Wait until the clock has stopped by itself."""
    for thread in threading.enumerate():
        if thread.name == "voice-clock":
            thread.join(DEADLINE_S)
    assert not stream.active


def test_the_file_that_is_spoken_is_never_overwritten(tmp_path: Path) -> None:
    spoken = tmp_path / "in.wav"
    soundfile.write(spoken, np.ones(4800, np.float32), RATE_HZ)
    before = spoken.read_bytes()
    (tmp_path / "link.wav").symlink_to(spoken)
    for target in (spoken, tmp_path / "link.wav"):
        with pytest.raises(InvalidInputError, match="is the input file"):
            VirtualBackend().open(AudioPort(), StreamRequest(input_file=spoken, output_file=target))
    assert spoken.read_bytes() == before


@needs_full_device
def test_a_full_disk_is_a_sentence_at_once() -> None:
    with pytest.raises(InvalidInputError, match="/dev/full cannot be written: No space left"):
        VirtualBackend().open(AudioPort(), StreamRequest(output_file=FULL))


@needs_full_device
def test_a_disk_that_fills_up_ends_the_stream_and_says_why(tmp_path: Path) -> None:
    port = AudioPort()
    stream = VirtualBackend().open(port, StreamRequest(output_file=tmp_path / "out.wav"))
    assert port.capture is not None
    speaker = stream._speaker
    assert speaker is not None
    with FULL.open("wb") as full:
        os.dup2(full.fileno(), speaker._file.fileno())
    stream.start()
    while not port.finished:
        port.capture.get(RATE_HZ)
    wait_for_the_end(stream)
    stream.close()
    stream.close()
    assert isinstance(port.failure, InvalidInputError)
    assert "out.wav cannot be written: No space left" in port.failure.message


def test_a_start_that_fails_leaves_the_output_file_as_it_was(tmp_path: Path) -> None:
    """The stream is opened before the connection, and starts only with it."""
    old, new = tmp_path / "old.wav", tmp_path / "new.wav"
    old.write_bytes(b"an answer of yesterday" * 99)
    before = old.read_bytes()
    for target in (old, new):
        VirtualBackend().open(AudioPort(), StreamRequest(output_file=target)).close()
        port = AudioPort()
        refused = VirtualBackend(microphone=Refusing(RATE_HZ)).open(port, StreamRequest(output_file=target))
        refused.start()
        while not port.finished:
            pass
        refused.close()
    assert old.read_bytes() == before
    assert not new.exists()
    port = AudioPort()
    stream = VirtualBackend().open(port, StreamRequest(output_file=old))
    stream.start()
    while not port.stats().output_frames:
        pass
    stream.close()
    assert soundfile.info(old).frames == port.stats().output_frames
    assert old.stat().st_size == 44 + 2 * port.stats().output_frames


@pytest.mark.parametrize("name", ["answer.mp3", "answer.flac", "answer.m4a", "-"])
def test_a_wav_file_is_not_written_under_the_name_of_another_format(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidInputError, match=r"would be a WAV file.*end in \.wav"):
        VirtualBackend().open(AudioPort(), StreamRequest(output_file=Path(name)))
    assert not list(tmp_path.iterdir())


def test_a_pipe_cannot_be_a_wav_file() -> None:
    reading, writing = os.pipe()
    try:
        with pytest.raises(InvalidInputError, match="rewound"):
            VirtualBackend().open(AudioPort(), StreamRequest(output_file=Path(f"/dev/fd/{writing}")))
    finally:
        os.close(reading)
        os.close(writing)


def test_a_damaged_file_ends_the_stream_and_says_why(tmp_path: Path) -> None:
    path = tmp_path / "in.flac"
    soundfile.write(path, np.random.default_rng(1).uniform(-0.5, 0.5, RATE_HZ), RATE_HZ)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    port = AudioPort()
    stream = VirtualBackend().open(port, StreamRequest(input_file=path))
    stream.start()
    wait_for_the_end(stream)
    stream.close()
    assert port.finished
    assert port.stats().input_frames > RATE_HZ // 10
    assert isinstance(port.failure, InvalidInputError)
    assert "in.flac is damaged" in port.failure.message


@needs_descriptors
@needs_full_device
def test_what_is_refused_leaves_no_descriptor_open(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "in.wav", np.zeros(300, np.float32), RATE_HZ)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for target in (tmp_path / "none" / "out.wav", tmp_path, FULL):
        with pytest.raises(InvalidInputError):
            VirtualBackend().open(AudioPort(), StreamRequest(input_file=tmp_path / "in.wav", output_file=target))
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_pipe_that_stays_open_is_heard_at_once_and_does_not_hinder_the_end() -> None:
    """With Python's own buffer the first 100 ms would wait for the next, and the interpreter abort at exit."""
    process = subprocess.Popen(
        [sys.executable, "-c", SPEAK_FROM_STDIN],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=False,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    with process, process.stdin as pipe:
        pipe.write(np.arange(1, 241).astype("<i2").tobytes())
        pipe.flush()
        assert process.wait(DEADLINE_S) == 0, process.stderr.read().decode()
        assert process.stdout.read() == b"[1. 2. 3.]\n"


def test_a_closed_standard_input_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(InvalidInputError, match="Standard input is closed"):
        VirtualBackend().open(AudioPort(), StreamRequest(input_file=Path("-")))
