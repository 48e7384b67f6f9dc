"""A device that the sound system lists and does not open: it says so, and was not lost in the middle of anything."""

from __future__ import annotations

import subprocess

import pytest

from tests.support.soundcard import SoundCard
from tests.support.voice_process import VOICE

pytestmark = pytest.mark.soundcard


@pytest.mark.parametrize("backend", ["sounddevice", "pyaudio"])
def test_a_device_of_the_other_direction_is_refused_with_that_reason(soundcard: SoundCard, backend: str) -> None:
    run = subprocess.run(
        [VOICE, "run", "--provider", "local", "--backend", backend, "--output", "vmic"],
        env=soundcard.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 9, run.stderr
    said, fix = run.stderr.splitlines()[-2:]
    assert said.startswith("voice: vmic, ALSA cannot be opened: ")
    assert "lost" not in said
    assert "the other direction only" in fix
