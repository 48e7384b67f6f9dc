"""The sound card of `soundcard` on a JACK server of our own, without a sound card: its driver is a clock.

PortAudio finds nothing but JACK. What the speaker plays is recorded, and the microphone spoken into, by other clients
of JACK (`jack_far_end`), whose wires are laid once the voice has opened its own ends.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from tests.support import sound_servers
from tests.support.soundcard import RATE_HZ, Recording, SoundCard

PERIOD_FRAMES = 512
_READY_S = 20
_ROOT = Path(__file__).parents[2]
_NO_DEVICES = "pcm.none { type hw card 99 }\n"


def missing_parts() -> list[str]:
    """Names of the programs and libraries that this system lacks for it."""
    return sound_servers.missing(sound_servers.JACK_PROGRAMS)


class JackCard(SoundCard):
    """The running server; beside it a device `loopback`, which gives back what it is given."""

    def __init__(self, *, beside: SoundCard | None = None) -> None:
        """Make a card; `beside` another one, which ALSA leads to."""
        super().__init__()
        (self._folder / "asound.conf").write_text(_NO_DEVICES)
        hidden = {
            "ALSA_CONFIG_PATH": f"{self._folder}/asound.conf",
            "PULSE_SERVER": f"unix:{self._folder}/none",
            "XDG_RUNTIME_DIR": str(self._folder),
        }
        self.env = {
            **(beside.env if beside else hidden),
            **sound_servers.environment(),
            "JACK_DEFAULT_SERVER": self._folder.name,
            "JACK_NO_AUDIO_RESERVATION": "1",
        }
        self._voice = self._recorder = 0

    def start(self) -> None:
        """Start the server and wait until it answers."""
        driver = ("-d", "dummy", "-r", str(RATE_HZ), "-p", str(PERIOD_FRAMES))
        with (self._folder / "log").open("wb") as log:
            self._server = subprocess.Popen(
                ["jackd", "-n", self._folder.name, "-R", "-P", "10", "-L", "2", *driver],
                env=self.environment, stdout=log, stderr=log,
            )  # fmt: skip
        self._tool("jack_wait", "-s", self._folder.name, "-w", "-t", str(_READY_S))

    def join(self, voice: int) -> None:
        """Lead the streams of a process to the card's ends."""
        self._voice = voice
        if self._recorder:
            self._tool("jack_connect", f"voice-{voice}:out_0", f"voice-{self._recorder}:in_0")

    def play_to_microphone(self, samples: NDArray[np.int16], rate_hz: int) -> subprocess.Popen[bytes]:
        """Play mono samples into the microphone of the process that has joined, from a process of its own."""
        path = self._folder / f"say-{time.monotonic_ns()}.raw"
        path.write_bytes(soxr.resample(samples.astype(np.float32) / 32768, rate_hz, RATE_HZ).tobytes())
        return self._far_end(str(path), f"voice-{self._voice}:in_0")

    @contextmanager
    def record_speaker(self, sink: str = "") -> Iterator[Recording]:
        """Record what the process that joins plays, until the block ends."""
        process = self._far_end()
        self._recorder = process.pid
        recording = Recording(process, RATE_HZ)
        try:
            recording.wait_for(0.5)
            yield recording
        finally:
            process.kill()
            process.wait(10)
            recording.join()

    def _far_end(self, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.support.jack_far_end", *arguments],
            stdout=subprocess.PIPE, cwd=_ROOT, env=self.environment,
        )  # fmt: skip

    def _tool(self, *command: str) -> None:
        subprocess.run(command, env=self.environment, capture_output=True, check=True)
