"""Odd devices: a clock that does not hold back, a microphone of exact zeros, latencies that cannot be."""

from __future__ import annotations

import ctypes
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.audio.port.audio_port import AudioPort
from engine.audio.types import Direction
from engine.errors import StreamLostError
from tests.audio.port.test_priority import FRAMES, call, duplex_port, on_a_thread

NULL = "</usr/share/alsa/alsa.conf>\npcm.!default { type null }\n"
MINUTE = 6000
"""Blocks of a minute."""

TALK_TO = """
import time
from backends.{name} import {backend}
from engine.audio.device.open_stream import OpenStream
from engine.audio.port.audio_port import AudioPort
from engine.audio.types import StreamRequest

port = AudioPort()
stream = OpenStream({backend}(), port, StreamRequest())
stream.start()
began_s = time.monotonic()
while not port.finished and time.monotonic() - began_s < 20:
    pass
stream.close()
print(port.failure)
"""


@pytest.mark.parametrize("direction", Direction)
def test_a_device_that_does_not_wait_for_time_is_ended_by_the_callback(direction: Direction) -> None:
    port = duplex_port()

    def work() -> None:
        for _ in range(MINUTE):
            call(port, direction)

    on_a_thread(work)
    assert not port.finished, "a device that was stopped gives what was kept for it meanwhile"
    on_a_thread(work)
    with pytest.raises(StreamLostError, match="no clock"):
        raise port.failure or AssertionError


def test_blocks_that_python_moves_may_come_as_fast_as_they_like() -> None:
    port = duplex_port()
    block = np.zeros((FRAMES, 1), np.float32)
    for _ in range(MINUTE + 2):
        port.process(block, None)
    assert not port.finished
    assert port.failure is None


@pytest.mark.parametrize(("name", "backend"), [("sounddevice", "SounddeviceBackend"), ("pyaudio", "PyAudioBackend")])
def test_the_null_device_of_alsa_ends_at_once(tmp_path: Path, name: str, backend: str) -> None:
    """The default of many containers: two threads of real-time priority would spin on it."""
    if not Path("/usr/share/alsa/alsa.conf").exists():
        pytest.skip("this system has no ALSA")
    (tmp_path / "asound.conf").write_text(NULL)
    run = subprocess.run(
        [sys.executable, "-c", TALK_TO.format(name=name, backend=backend)],
        env={**os.environ, "ALSA_CONFIG_PATH": str(tmp_path / "asound.conf"), "PULSE_SERVER": "unix:/nonexistent"},
        capture_output=True,
        text=True,
        check=False,
    )
    if "MissingError" in run.stderr:
        pytest.skip("this system has no PortAudio, or no PyAudio")
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("The audio device has no clock"), run.stdout


def test_exact_zeros_are_told_from_the_faintest_sound() -> None:
    port = AudioPort()
    port.attach_input(48000, 2)
    block = np.zeros((FRAMES, 2), np.float32)
    for _ in range(10):
        port.process(block, None)
    assert not port.heard
    block[-1] = 1e-9
    port.process(block, None)
    assert port.heard


@pytest.mark.parametrize(
    ("adc_s", "dac_s", "latency_s"),
    [
        (999.98, 1000.03, 0.05),
        (0.0, 1000.03, 0.0),
        (999.98, 0.0, 0.0),
        (1000.0, 1000.03, 0.0),
        (math.nan, 1000.03, 0.0),
    ],
)
def test_both_latencies_are_as_the_callbacks_times_tell_them_or_unknown(
    adc_s: float, dac_s: float, latency_s: float
) -> None:
    port = duplex_port()
    times = (ctypes.c_double * 3)(adc_s, 1000.0, dac_s)

    def work() -> None:
        for direction in Direction:
            call(port, direction, times)

    assert port.latency_s == 0
    on_a_thread(work)
    assert port.latency_s == pytest.approx(latency_s)
