"""The backends of devices pass the suite that every backend's author runs, on the virtual sound card."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.soundcard import SoundCard

pytestmark = pytest.mark.soundcard

ROOT = Path(__file__).parents[2]
SUITES = Path(__file__).with_name("conformance_portaudio.py")
DEADLINE_S = 150


@pytest.mark.parametrize("suite", ["TestSounddevice", "TestPyaudio", "TestPyaudioPump"])
def test_it_passes(soundcard: SoundCard, suite: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"{SUITES}::{suite}"],
        cwd=ROOT,
        env=soundcard.environment,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "13 passed" in run.stdout
