"""The air between the speaker and the microphone of the virtual card, and whoever talks in the room.

What is played on `vspk` is distorted, sent through a room and played into `vcable`, a chosen time later; it is done by
a process of its own, `tests.support.air`. Commands are lines of JSON on its standard input, answers lines on its
standard output.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.support.soundcard import RATE_HZ, SoundCard

_ROOT = Path(__file__).parents[2]
_PATIENCE_S = 30.0
_LOUD = 3e-3


@dataclass(frozen=True)
class Room:
    """What the path does to the sound."""

    delay_ms: float = 80.0
    rt60_ms: float = 250.0
    gain_db: float = -6.0
    noise_db: float = -65.0
    """Noise of a quiet microphone, RMS in dBFS. In digital silence AEC3 takes 1 dB more of a voice."""
    ppm: float = 0.0
    """Lead of the microphone's clock. Its frame counts do not show it: the canceller follows by itself."""


@dataclass(frozen=True)
class Report:
    """How a path has been."""

    delay_ms: float
    """From the speaker to the microphone by the sound server's own account, the median; chirps say the same."""
    gaps: int
    """Blocks of 5 ms that came too late and are missing from the echo: a path that has them is unfair."""
    latest_ms: float
    """How late a block was at the worst, beside the soonest."""
    echo_db: float
    """RMS of the echo in dBFS where it sounds, since the path was begun."""


@dataclass(frozen=True)
class Said:
    """Sound of the near end, as it was in the microphone."""

    samples: NDArray[np.float32]
    begins_at_s: float
    """Time of its first sample, on the clock of `time.monotonic`."""

    @property
    def sounds_at_s(self) -> float:
        """Time of the first sample that is not silence."""
        return self.begins_at_s + float(np.argmax(np.abs(self.samples) > _LOUD)) / RATE_HZ

    @property
    def ends_at_s(self) -> float:
        """Time after its last sample."""
        return self.begins_at_s + self.samples.size / RATE_HZ


class EchoPath:
    """Starts the process beside a card.

    Example:
        >>> with EchoPath(card, Room(delay_ms=80)) as path:
        ...     path.say(speech("stop", 48000))
    """

    def __init__(self, card: SoundCard, room: Room) -> None:
        self._card = card
        self._room = room

    def __enter__(self) -> EchoPath:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.air", json.dumps(asdict(self._room))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=self._card.environment,
            cwd=_ROOT,
            text=True,
        )
        self._answer()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def say(self, samples: NDArray[np.int16], *, level_db: float | None = 0.0) -> Said:
        """Let somebody talk, or something sound, now.

        Args:
            samples: Mono, at the card's rate.
            level_db: Relative to the echo so far, both where they sound; None leaves them as they are.
        """
        path = Path(self._card.env["PULSE_STATE_PATH"]) / f"near-{time.monotonic_ns()}.npy"
        near = samples.astype(np.float32) / np.float32(32768)
        np.save(path, near)
        answer = self._ask(say=str(path), level_db=level_db)
        return Said(near * np.float32(answer["gain"]), answer["begins_at_s"])

    def listen(self, seconds: float) -> None:
        """Return when so much sound has passed through the path."""
        self._ask(frames=round(seconds * RATE_HZ))

    def jump(self, by_ms: float) -> float:
        """Make the path longer from now on; return when that is."""
        return float(self._ask(shift_frames=round(by_ms * RATE_HZ / 1000))["begins_at_s"])

    def report(self) -> Report:
        """Return how the path has been since the last report."""
        return Report(**self._ask(report=True))

    def keep(self) -> float:
        """Keep what the microphone hears from now on; return when that begins."""
        return float(self._ask(keep=True)["begins_at_s"])

    def kept(self) -> NDArray[np.float32]:
        """Return what was kept: mono, at the card's rate."""
        path = Path(self._card.env["PULSE_STATE_PATH"]) / "kept.raw"
        self._ask(save=str(path))
        return np.fromfile(path, np.float32)

    def _ask(self, **command: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"the echo path ended with {self._process.wait(_PATIENCE_S)}"
        return dict(json.loads(line))
