"""Sound of a program: its forms, rates and lengths, and the files it may come from."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import engine as voice
from engine.api import sound as module
from engine.api.sound import pcm16_of
from engine.daemon_thread import DaemonThread
from engine.realtime.testing import VirtualDevices, run_virtual

TONE = (0.5 * np.sin(2 * np.pi * 1000 * np.arange(4800) / 48000)).astype(np.float32)


@pytest.mark.parametrize(
    ("sound", "rate_hz", "expected"),
    [
        (np.zeros((10, 0), np.float32), 48000, "0 channels. Give .* frames first"),
        (np.zeros((2, 1000), np.float32), 48000, "1000 channels. Give .* frames first"),
        (TONE, 0, "a rate of 0 Hz. Give a whole number from 4000 to 768000"),
        (TONE, True, "a rate of True Hz"),
        (TONE, 48000.0, "a rate of 48000.0 Hz"),
        (TONE, np.array([1, 2]), "a rate of array"),
        (TONE.astype(np.float64), 48000, r"float64 and shape \(4800,\) cannot be played"),
        ([0.0], 48000, "A sound of list cannot be played"),
    ],
)
def test_what_cannot_be_played_is_refused_with_the_reason(sound: Any, rate_hz: Any, expected: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(voice.InvalidInputError, match=expected):
            pcm16_of(sound, rate_hz, 48000)


def test_a_rate_is_an_integer_of_any_kind() -> None:
    rate_hz: Any = np.int64(24000)
    assert pcm16_of(TONE, rate_hz, 48000) == pcm16_of(TONE, 24000, 48000)
    assert voice.open_port(rate_hz=rate_hz)


def test_what_is_not_a_number_is_silence_and_the_array_of_the_program_stays_as_it_is() -> None:
    broken = np.stack([TONE, TONE], axis=1)
    broken[100] = np.nan, 0.5
    broken[200] = np.inf, -np.inf
    expected = np.where(np.isfinite(broken), broken, 0)
    given = broken.copy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert pcm16_of(broken, 48000, 24000) == pcm16_of(expected, 48000, 24000)
    assert np.array_equal(broken, given, equal_nan=True)


def test_the_length_is_bounded_for_arrays_and_for_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_S", 120)
    longest, path = np.zeros(120 * 4000, np.int16), tmp_path / "long.wav"
    soundfile.write(path, longest, 4000)
    assert pcm16_of(longest, 4000, 4000) == pcm16_of(path, None, 4000) == longest.tobytes()
    longer = np.append(longest, longest)
    soundfile.write(path, longer, 4000)
    for sound in (longer, path):
        with pytest.raises(voice.InvalidInputError, match=r"more than 2 minutes is too long\. Play it in parts"):
            pcm16_of(sound, 4000, 4000)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("no named pipes in folders")
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(voice.InvalidInputError, match="no regular file"):
        DaemonThread().submit(pcm16_of, tmp_path / "pipe.wav", None, 48000).result(20)


def test_a_file_without_a_header_is_refused(tmp_path: Path) -> None:
    (tmp_path / "samples.raw").write_bytes(bytes(100))
    with pytest.raises(voice.InvalidInputError, match=r"samples\.raw cannot be played"):
        pcm16_of(tmp_path / "samples.raw", None, 48000)


@pytest.mark.parametrize("rate_hz", [2000, 0, 16_000.0, "16000", 10**9])
def test_a_port_refuses_a_rate_before_anything_is_opened(rate_hz: Any) -> None:
    with pytest.raises(voice.InvalidInputError, match="4000 to 768000"):
        voice.open_port(rate_hz=rate_hz)


def test_a_port_plays_nothing_at_a_rate_of_zero() -> None:
    async def main() -> None:
        async with voice.open_port(output="default", backend=VirtualDevices()) as port:
            with pytest.raises(voice.InvalidInputError, match="a rate of 0 Hz"):
                port.play(TONE, 0)

    run_virtual(main())
