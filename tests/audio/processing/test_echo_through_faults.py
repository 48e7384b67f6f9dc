"""The echo that WebRTC's canceller leaves with the aligned reference, through faults and a drifting clock."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.audio.processing.processors.webrtc import WebRtc
from engine.audio.processing.protocol import RATE_HZ
from tests.audio.processing.echo_rig import BLOCK, EchoRig
from tests.support.speech import speech

pytest.importorskip("pywebrtc_audio", reason="no wheel for this machine")

ECHO_DB, NOISE_DB = -6.0, -65.0
CONVERGED_S = 4.0
ERLE_DB = 20.0
TEXT = (
    "The weather is mostly cloudy today, with a light wind from the west. I have set a timer for ten minutes, and "
    "you can ask me to cancel it at any time. Meanwhile, here is a story about the keeper of a lighthouse."
)


def answer() -> NDArray[np.float32]:
    """An answer as the loudspeaker distorts it."""
    said = speech(TEXT, RATE_HZ).astype(np.float64) / 32768
    return (np.tanh(2 * said * 0.1 / np.std(said)) / 2).astype(np.float32)


def in_a_room(direct: NDArray[np.float32]) -> NDArray[np.float32]:
    """The direct sound, with the echoes of a room of 250 ms and some noise."""
    dice, length = np.random.default_rng(1), RATE_HZ // 4
    room = dice.standard_normal(length) * np.exp(-6.9 * np.arange(length) / length)
    room[0] = 4.0
    size = 1 << (direct.size + length).bit_length()
    heard = np.fft.irfft(np.fft.rfft(direct, size) * np.fft.rfft(room, size), size)[: direct.size]
    heard *= 10 ** (ECHO_DB / 20) * np.std(direct) / np.std(heard)
    return (heard + dice.standard_normal(heard.size) * 10 ** (NOISE_DB / 20)).astype(np.float32)


def fault_free(rig: EchoRig) -> None:
    """Nothing happens but time."""


def stall(rig: EchoRig) -> None:
    """Nobody reads for 3 s."""
    rig.reads = False
    rig.run(3.0)
    rig.reads = True


FAULTS: list[Callable[[EchoRig], None]] = [
    fault_free,
    stall,
    lambda rig: rig.lose("in", 0.15),
    lambda rig: rig.lose("out", 3.0),
    lambda rig: rig.suspend(3600, clock_goes_on=True),
    EchoRig.reopen,
]


def test_20_db_of_the_echo_are_removed_with_clocks_100_ppm_apart_and_after_every_fault() -> None:
    """In every second but those in which the canceller may find the path anew: 4 s after each fault."""
    rig, judged = EchoRig(ppm=100.0, late_ms=4.0, latency_ms=80.0, played=answer()), list[tuple[int, int]]()
    for happen in FAULTS:
        happen(rig)
        rig.run(CONVERGED_S)
        begin = rig.mic.size
        rig.run(3.0)
        judged.append((begin, rig.mic.size))
    heard, reference, canceller = in_a_room(rig.mic), rig.reference, WebRtc()
    blocks = (slice(start, start + BLOCK) for start in range(0, heard.size, BLOCK))
    left = np.concatenate([canceller.process(heard[block], reference[block]) for block in blocks])
    erle_db = [10 * np.log10(np.mean(heard[a:b] ** 2) / np.mean(left[a:b] ** 2)) for a, b in judged]
    assert min(erle_db) >= ERLE_DB, erle_db
