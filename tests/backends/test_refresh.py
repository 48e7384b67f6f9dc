"""Two sessions in one process, and streams that the program opens itself: renewing the list ends nobody's stream."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.soundcard import SoundCard

pytestmark = pytest.mark.soundcard

ROOT = Path(__file__).parents[2]

TWO_SESSIONS = """
import threading
from backends.{first} import {First} as First
from backends.{second} import {Second} as Second
from engine.audio.types import StreamRequest
from engine.audio.device.exclusive import allow_restarts
from engine.audio.session_audio import SessionAudio

pause = threading.Event()

def runs(audio):
    before = audio.port.calls
    while audio.active and any(now == then for now, then in zip(audio.port.calls, before)):
        pause.wait(0.01)
    return audio.active

allow_restarts()
both = [SessionAudio(kind(), StreamRequest(), input_rate_hz=24000, output_rate_hz=24000) for kind in (First, Second)]
for audio in both:
    audio.start()
print(*map(runs, both))
loser = both[1]
loser.release().close()
loser.gone()
print(loser.active)
print(loser.backend.refresh())
loser.adopt(loser.open_again(loser.backend.devices()))
print(*map(runs, both))
for audio in both:
    audio.close()
print(loser.backend.refresh() == "")
"""

STREAM_OF_THE_PROGRAM = """
import threading
import sounddevice
from backends.{first} import {First} as First

called = threading.Event()
stream = sounddevice.RawInputStream(blocksize=4800, callback=lambda *_: called.set())
stream.start()
backend = First()
reason = backend.refresh()
called.clear()
print(called.wait(20), stream.active)
print(reason)
"""

BACKENDS = {"sounddevice": "SounddeviceBackend", "pyaudio": "PyAudioBackend"}


def run(program: str, card: SoundCard) -> list[str]:
    """Return the lines that a program prints, which runs in a process, and so with a PortAudio, of its own."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=card.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("first", BACKENDS)
@pytest.mark.parametrize("second", BACKENDS)
def test_a_session_that_lost_its_device_opens_what_is_listed_and_the_other_goes_on(
    soundcard: SoundCard, first: str, second: str
) -> None:
    program = TWO_SESSIONS.format(first=first, First=BACKENDS[first], second=second, Second=BACKENDS[second])
    both, lost, reason, both_again, renewed = run(program, soundcard)
    assert (both, lost, both_again, renewed) == ("True True", "False", "True True", "True")
    assert "another stream of this program is open" in reason


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_stream_that_the_program_opened_by_itself_goes_on(soundcard: SoundCard, backend: str) -> None:
    goes_on, *reason = run(STREAM_OF_THE_PROGRAM.format(first=backend, First=BACKENDS[backend]), soundcard)
    assert goes_on == "True True"
    # PyAudio has started the same PortAudio once more, and ends only that.
    assert ("may have other streams" in "".join(reason)) == (backend == "sounddevice")
