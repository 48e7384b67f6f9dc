"""Both native backends and the pump thread on the virtual sound card: whole sound, and nothing left when closed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.audio.port.priority import Priority
from tests.backends.play_sweep import BACKENDS, SECONDS, sweep
from tests.support.hearing import likeness
from tests.support.soundcard import RATE_HZ, SoundCard

pytestmark = pytest.mark.soundcard

ROOT = Path(__file__).parents[2]
DEADLINE_S = 60
WHOLE = 0.9999
"""Likeness to the sweep: half a millisecond of it missing anywhere is 0.99987; an unbroken recording 0.99999997."""

LEAVE_RUNNING = """
import sys
from engine.audio.device.native_stderr import silence_native_stderr
from tests.backends.play_sweep import make_backend, opened

silence_native_stderr()
left_open = opened(make_backend(sys.argv[1]))
while left_open[0].stats().output_calls < 10:
    pass
"""

LEAVE_HANGING = """
import threading
from backends.sounddevice import SounddeviceStream
from cli.main import main

SounddeviceStream.close = lambda _: threading.Event().wait()
main()
"""

FORGET_RUNNING = """
import gc
import sys
import numpy as np
from engine.audio.device.native_stderr import silence_native_stderr
from tests.backends.play_sweep import make_backend, opened

silence_native_stderr()
backend = make_backend(sys.argv[1])
opened(backend)
gc.collect()
kept = opened(backend)
while kept[0].stats().output_calls < 50:
    others = [np.full(200 + 37 * number, 7.0) for number in range(400)]
"""


def python(card: SoundCard, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program that sees the card."""
    return subprocess.run(
        [sys.executable, *arguments],
        env=card.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )


def played(card: SoundCard, backend: str) -> tuple[dict[str, Any], float]:
    """The program's report, and how like the sweep the speaker was."""
    with card.record_speaker() as recording:
        run = python(card, "-m", "tests.backends.play_sweep", backend)
        recording.wait_for(recording.seconds + 0.2)
        heard = recording.samples()
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    return json.loads(run.stdout), likeness(heard, sweep(RATE_HZ), RATE_HZ)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_sweep_is_heard_whole_and_closing_leaves_nothing(soundcard: SoundCard, backend: str) -> None:
    """One retry for the sound: on a shared machine the sound server itself is sometimes late."""
    report, like = played(soundcard, backend)
    if like < WHOLE:
        report, like = played(soundcard, backend)
    assert like >= WHOLE
    assert (report["input"], report["output"]) == ("vmic", "vspk")
    assert report["native"] == (backend != "pyaudio-pump")
    assert report["played_s"] == SECONDS + 0.5
    # The microphone ran beside it: both streams see one clock, but start and stop one after the other.
    assert abs(report["captured_s"] - report["played_s"]) < 0.5
    assert report["active"]
    assert report["priority"] in (Priority.GRANTED, Priority.HELD, Priority.REFUSED)
    assert report["priority_is_as_reported"]
    assert not report["active_after_close"]
    assert report["after"] == report["before"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_leaving_with_a_running_stream_is_no_crash(soundcard: SoundCard, backend: str) -> None:
    run = python(soundcard, "-c", LEAVE_RUNNING, backend)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_leaving_with_a_stream_whose_close_hangs_is_no_crash(soundcard: SoundCard) -> None:
    """Its callback goes on to the process's last moment: the library it comes from was unloaded before."""
    options = ("--backend", "sounddevice", "--provider", "local", "--duration", "0.1")
    run = python(soundcard, "-c", LEAVE_HANGING, "run", *options)
    assert (run.returncode, run.stdout) == (0, ""), run.stderr


@pytest.mark.parametrize("backend", BACKENDS)
def test_forgetting_a_running_stream_is_no_crash(soundcard: SoundCard, backend: str) -> None:
    """The callback goes on until the stream is closed: its memory must not be given to what is made later."""
    run = python(soundcard, "-c", FORGET_RUNNING, backend)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
