"""The contrast of `voice bench callback`, and the loads that both designs are put under."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import pytest

from benchmarks.registry import BENCHMARKS
from benchmarks.rigs.loads import LOADS
from benchmarks.rigs.python_playback import run_python
from engine.errors import StreamLostError
from tests.support.soundcard import SoundCard

pytestmark = pytest.mark.timing


def test_every_design_runs_under_every_load_with_the_usual_block() -> None:
    cases = {tuple(case.name.split("/")[1:]) for case in BENCHMARKS["callback"].cases()}
    designs = ("sounddevice", "pyaudio", "python-sounddevice", "python-pyaudio")
    assert cases >= {(design, load, "480") for design in designs for load in LOADS}
    assert set(LOADS) == {"idle", "spinning", "c_calls", "all_cores"}


@pytest.mark.soundcard
@pytest.mark.parametrize("library", ["sounddevice", "pyaudio"])
def test_a_contrast_without_a_sound_server_says_what_its_library_said(
    soundcard: SoundCard, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**soundcard.env, "PULSE_SERVER": "unix:/nowhere"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(StreamLostError, match=f"The Python callback of {library} cannot play: "):
        run_python(library, None, 480, "idle", 0.1)


def test_a_contrast_that_does_not_exist_is_an_error_of_its_process() -> None:
    with pytest.raises(StreamLostError, match="KeyError"):
        run_python("no such library", None, 480, "idle", 0.1)


@pytest.mark.parametrize("load", ["spinning", "c_calls"])
def test_threads_of_a_load_take_the_interpreter_and_end_with_it(load: str) -> None:
    before = threading.active_count()
    with LOADS[load]():
        assert threading.active_count() > before
        began_s, cpu_s = time.monotonic(), time.process_time()
        while time.process_time() - cpu_s < 0.1 and time.monotonic() - began_s < 30:
            threading.Event().wait(0.01)
        assert time.process_time() - cpu_s >= 0.1
    assert threading.active_count() == before


@pytest.mark.skipif(sys.platform == "win32", reason="ps is of Unix")
def test_processes_of_a_load_end_with_it_even_after_an_error() -> None:
    def children() -> int:
        listed = subprocess.run(
            ["ps", "--ppid", str(os.getpid()), "-o", "args="], capture_output=True, text=True, check=False
        )
        return listed.stdout.count("while True: pass")

    with pytest.raises(KeyboardInterrupt), LOADS["all_cores"]():
        assert children() == os.cpu_count()
        raise KeyboardInterrupt
    assert children() == 0
