"""Other programs are turned down while the agent speaks, and have their volume again on every way out."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from signal import SIGINT, Signals

import numpy as np
import pytest

from tests.support.soundcard import SoundCard
from tests.support.voice_process import VOICE

if sys.platform == "win32":
    pytest.skip("the virtual sound card is PulseAudio's", allow_module_level=True)

pytestmark = pytest.mark.soundcard


@pytest.fixture
def music(own_soundcard: SoundCard) -> Iterator[subprocess.Popen[bytes]]:
    """Another program that plays."""
    playing = own_soundcard.play_to_microphone(np.zeros(120 * 8000, np.int16), 8000)
    yield playing
    playing.kill()
    playing.wait()


def volume_of(card: SoundCard, playing: subprocess.Popen[bytes]) -> int:
    """Percentage that the server plays it with."""
    for stream in card.pactl("list", "sink-inputs").split("Sink Input #"):
        if f'application.process.id = "{playing.pid}"' in stream:
            return int(stream.partition("Volume:")[2].partition("%")[0].rpartition("/")[2])
    return -1


def wait_for_volume(card: SoundCard, playing: subprocess.Popen[bytes], volumes: range) -> None:
    """Return once it is played with one of these."""
    deadline_s = time.monotonic() + 60
    while (volume := volume_of(card, playing)) not in volumes:
        assert time.monotonic() < deadline_s, volume


def test_they_are_quiet_while_the_agent_speaks_and_loud_after_any_end(
    own_soundcard: SoundCard, music: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    environment = {**own_soundcard.environment, "XDG_STATE_HOME": str(tmp_path)}
    command = [VOICE, "run", "--text", "--provider", "local", "--quiet-others"]
    wait_for_volume(own_soundcard, music, range(100, 101))
    for signal, volumes in ((SIGINT, range(100, 101)), (Signals["SIGKILL"], range(40, 60))):
        run = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        assert run.stdin is not None
        run.stdin.write(b"tell me a story\n")
        run.stdin.flush()
        wait_for_volume(own_soundcard, music, range(40, 60))
        run.send_signal(signal)
        run.wait(30)
        run.stdin.close()
        wait_for_volume(own_soundcard, music, volumes)
    assert (tmp_path / "voice" / "turned-down.json").stat().st_mode & 0o777 == 0o600
    subprocess.run(
        [VOICE, "run", "--text", "--provider", "local"], env=environment, stdin=subprocess.DEVNULL,
        capture_output=True, timeout=60, check=True,
    )  # fmt: skip
    wait_for_volume(own_soundcard, music, range(100, 101))
    assert not [*(tmp_path / "voice").iterdir()]
