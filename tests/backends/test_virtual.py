"""The virtual backend: what goes in is captured frame for frame, what is played is written frame for frame."""

from __future__ import annotations

import io
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile

from backends.virtual import VirtualBackend
from backends.virtual_microphone import FedMicrophone, StdinMicrophone
from engine.audio.port.audio_port import AudioPort
from engine.audio.types import StreamRequest
from engine.errors import InvalidInputError, UnknownDeviceError, VoiceError

RATE_HZ = 48000


def wait_until(port: AudioPort, position: int) -> None:
    """Wait until the kernel has captured so many frames: by reading them."""
    assert port.capture is not None
    got = 0
    while got < position:
        got += port.capture.get(position - got).size


def test_a_file_is_captured_and_the_answer_written_bit_for_bit(tmp_path: Path) -> None:
    spoken = np.random.default_rng(1).integers(-20000, 20000, 24000).astype(np.int16)
    soundfile.write(tmp_path / "in.wav", spoken, RATE_HZ)
    answer = np.random.default_rng(2).integers(-20000, 20000, 9600).astype(np.float32) / np.float32(32768)
    port = AudioPort()
    request = StreamRequest(input_file=tmp_path / "in.wav", output_file=tmp_path / "out.wav")
    stream = VirtualBackend().open(port, request)
    assert port.playback is not None
    assert port.capture is not None
    port.playback.put(answer)
    stream.start()
    heard: list[np.ndarray] = []
    while sum(block.size for block in heard) < 24000:
        heard.append(port.capture.get(4096))
    wait_until(port, 4800)
    stream.close()
    stream.close()
    assert np.array_equal(np.concatenate(heard)[:24000] * 32768, spoken)
    assert port.input_ended
    assert port.finished
    written, rate_hz = soundfile.read(tmp_path / "out.wav", dtype="int16")
    assert rate_hz == RATE_HZ
    assert np.array_equal(written[:9600], np.round(answer * 32768))
    assert not written[9600:].any()
    stats = port.stats()
    assert stats.played_position == stats.written_position == 9600
    assert stats.output_frames == written.size
    assert stats.input_overflow_frames == 0


@pytest.mark.parametrize("rate_hz", [8000, 11025, 44100])
def test_files_of_any_rate_and_channels_are_opened_at_their_own(tmp_path: Path, rate_hz: int) -> None:
    stereo = np.stack([np.full(rate_hz, 0.25), np.full(rate_hz, 0.75)], axis=1)
    soundfile.write(tmp_path / "in.flac", stereo, rate_hz)
    port = AudioPort()
    stream = VirtualBackend().open(port, StreamRequest(input_file=tmp_path / "in.flac"))
    assert port.input_rate_hz == rate_hz
    assert port.capture is not None
    stream.start()
    first = np.empty(0, np.float32)
    while first.size < 100:
        first = np.concatenate([first, port.capture.get(100 - first.size)])
    stream.close()
    assert np.allclose(first, 0.5, atol=1e-3)


def test_standard_input_is_a_microphone_until_it_ends() -> None:
    samples = np.arange(2400).astype("<i2")
    microphone = StdinMicrophone(io.BytesIO(samples.tobytes()))
    got = np.empty(0, np.float32)
    while not microphone.ended:
        got = np.concatenate([got, microphone.read(240)])
    assert np.array_equal(np.trim_zeros(got * 32768), samples[1:])
    microphone.close()


def test_a_fed_microphone_is_silent_in_between() -> None:
    microphone = FedMicrophone(24000)
    assert not microphone.read(10).any()
    feeder = threading.Thread(target=microphone.feed, args=(np.ones(15, np.float32),))
    feeder.start()
    feeder.join()
    assert microphone.read(10).all()
    assert microphone.read(10).sum() == 5


def test_what_cannot_be_opened_is_refused_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("hello")
    before = threading.active_count()
    wrong: list[tuple[StreamRequest, type[VoiceError]]] = [
        (StreamRequest(input_file=tmp_path / "none.wav"), InvalidInputError),
        (StreamRequest(input_file=tmp_path / "text.wav"), InvalidInputError),
        (StreamRequest(output_file=tmp_path / "no" / "out.wav"), InvalidInputError),
        (StreamRequest(block_ms=0), InvalidInputError),
        (StreamRequest(block_ms=-5), InvalidInputError),
        (StreamRequest(input="usb"), UnknownDeviceError),
    ]
    for request, error in wrong:
        with pytest.raises(error) as raised:
            VirtualBackend().open(AudioPort(), request)
        assert ".." not in raised.value.message
    assert threading.active_count() == before
