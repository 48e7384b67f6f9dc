"""Files nobody would record: whatever a file holds, it is heard, or a sentence says why not."""

from __future__ import annotations

import io
import os
from pathlib import Path
from random import Random

import numpy as np
import pytest
import soundfile

from backends.virtual_microphone import StdinMicrophone, open_microphone
from engine.audio.capture import Capture
from engine.audio.port.audio_port import AudioPort
from engine.errors import InvalidInputError

RATE_HZ = 16000
WIRE_HZ = 24000
BLOCK_S = 0.01
MOST_BLOCKS = 60
"""Longer than the files are: what a header claims beyond them is silence, or damage."""
FORMATS = (
    ("WAV", "PCM_16"),
    ("WAV", "FLOAT"),
    ("WAV", "IMA_ADPCM"),
    ("WAVEX", "PCM_24"),
    ("RF64", "PCM_16"),
    ("AIFF", "PCM_16"),
    ("AU", "ULAW"),
    ("CAF", "DOUBLE"),
    ("FLAC", "PCM_16"),
    ("OGG", "VORBIS"),
    ("OGG", "OPUS"),
    ("MP3", "MPEG_LAYER_III"),
)


def recorded(kind: str, subtype: str) -> bytes:
    """A third of a second of stereo in a format."""
    time_s = np.arange(RATE_HZ // 3) / RATE_HZ
    samples = 0.4 * np.sin(2 * np.pi * np.outer(time_s, (440.0, 660.0)))
    file = io.BytesIO()
    soundfile.write(file, samples, RATE_HZ, format=kind, subtype=subtype)
    return file.getvalue()


def mutated(original: bytes, dice: Random) -> bytes:
    """Cut, extend, or write over some places, mostly of the header."""
    data = bytearray(original)
    for _ in range(dice.randint(1, 6)):
        at = dice.randrange(max(1, min(len(data), dice.choice((64, 64, 4096, len(data))))))
        match dice.randrange(5):
            case 0:
                data[at : at + 1] = dice.randbytes(1)
            case 1:
                extreme = dice.choice((b"\xff\xff\xff\xff", bytes(4), b"\x7f\xff\xff\xff", dice.randbytes(4)))
                data[at : at + 4] = extreme
            case 2:
                data[at:at] = dice.randbytes(dice.randint(1, 40))
            case 3:
                del data[at : at + dice.randint(1, 40)]
            case _:
                del data[max(at, 1) :]
    return bytes(data)


def heard(path: Path) -> bytes:
    """What a session would send of the file.

    Raises:
        InvalidInputError: it cannot be played, or not to its end.
    """
    microphone = open_microphone(path)
    try:
        port = AudioPort()
        port.attach_input(microphone.rate_hz, 1)
        capture, sent = Capture(port, WIRE_HZ, 1000 * BLOCK_S), b""
        for _ in range(MOST_BLOCKS):
            port.process(microphone.read(round(microphone.rate_hz * BLOCK_S))[:, None], None)
            sent += b"".join(block.pcm16 for block in capture.read_blocks())
        return sent
    finally:
        microphone.close()


def each_gives_sound_or_a_sentence(count: int, seed: int, folder: Path) -> None:
    dice, originals = Random(seed), [recorded(*each) for each in FORMATS]
    path, played = folder / "odd.wav", 0
    for number in range(count):
        path.write_bytes(mutated(originals[number % len(originals)], dice))
        try:
            sent = heard(path)
        except InvalidInputError as error:
            assert str(path) in error.message
            assert error.fix
        else:
            played += 1
            assert len(sent) >= 2 * WIRE_HZ * BLOCK_S * (MOST_BLOCKS - 2)
    assert count // 5 < played < count


@pytest.mark.parametrize("each", FORMATS, ids=" ".join)
def test_every_format_is_heard_whole(tmp_path: Path, each: tuple[str, str]) -> None:
    (tmp_path / "in").write_bytes(recorded(*each))
    samples = np.frombuffer(heard(tmp_path / "in"), "<i2")[WIRE_HZ // 20 : WIRE_HZ // 4]
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size)))
    tone_hz = spectrum.argmax() * WIRE_HZ / samples.size
    assert min(abs(tone_hz - 440), abs(tone_hz - 660)) < 10


def test_200_damaged_files_each_give_sound_or_a_sentence(tmp_path: Path) -> None:
    each_gives_sound_or_a_sentence(200, 1, tmp_path)


@pytest.mark.long
def test_1000_damaged_files_each_give_sound_or_a_sentence(tmp_path: Path) -> None:
    each_gives_sound_or_a_sentence(1000, 2, tmp_path)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30, 32768.0, 1e300])
def test_values_that_are_no_sound_do_no_harm(tmp_path: Path, value: float) -> None:
    """What follows them is heard as if they had not been."""
    samples = np.full(RATE_HZ // 2, 0.25)
    samples[: RATE_HZ // 100] = value
    soundfile.write(tmp_path / "in.wav", samples, RATE_HZ, subtype="DOUBLE")
    sent = np.frombuffer(heard(tmp_path / "in.wav"), "<i2")
    assert np.abs(sent[WIRE_HZ // 5 : WIRE_HZ * 2 // 5] - 8192).max() < 20


def test_a_rate_that_no_device_has_is_a_sentence(tmp_path: Path) -> None:
    for rate_hz in (1, 3999, 768_001, 2_000_000_000):
        soundfile.write(tmp_path / "in.wav", np.zeros(100), rate_hz)
        with pytest.raises(InvalidInputError, match=f"has a rate of {rate_hz} Hz"):
            open_microphone(tmp_path / "in.wav")


def test_a_name_that_is_not_utf_8_is_a_name(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.wav"))
    try:
        path.write_bytes(recorded("WAV", "PCM_16"))
    except OSError:
        pytest.skip("this system has no such names")
    assert np.frombuffer(heard(path), "<i2").any()


def test_what_is_no_audio_file_is_told_by_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "q.m4a").write_bytes(b"\0\0\0\x20ftypM4A " + bytes(500))
    (tmp_path / "q.raw").write_bytes(bytes(500))
    (tmp_path / "empty.wav").touch()
    expected = {"q.m4a": "converter", "q.raw": "converter", "empty.wav": "cannot be read", "none.wav": "no audio file"}
    expected["."] = "is a folder"
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "fifo")  # opening it would wait for a writer
        expected["fifo"] = "is a pipe"
    for name, words in expected.items():
        with pytest.raises(InvalidInputError, match=words):
            open_microphone(tmp_path / name)


@pytest.mark.parametrize(
    "each", [("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("AU", "ULAW")], ids=" ".join
)
def test_an_audio_file_on_standard_input_is_not_taken_for_samples(each: tuple[str, str]) -> None:
    reading, writing = os.pipe()
    microphone = StdinMicrophone(io.FileIO(reading))
    data = recorded(*each)
    with io.FileIO(writing, "w") as pipe:
        pipe.write(data[:3])
        pipe.write(data[3:2000])
    with pytest.raises(InvalidInputError, match="as an audio file does"):
        while not microphone.ended:
            microphone.read(240)
