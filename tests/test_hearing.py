"""The program that listens: it finds what was cut out, doubled, displaced or left unsaid."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.support.hearing import likeness, longest_gap_ms, offset_of, sounding_ends_at
from tests.support.held import Held, held_whole

RATE_HZ = 48000


def sound(seconds: float = 3.0) -> np.ndarray:
    """Noise of even loudness."""
    return (0.2 * np.random.default_rng(1).standard_normal(round(seconds * RATE_HZ))).astype(np.float32)


def test_a_true_recording_is_like_and_has_no_gap() -> None:
    heard = np.concatenate([np.zeros(12345, np.float32), sound(), np.zeros(1000, np.float32)])
    assert offset_of(heard, sound()) == 12345
    assert likeness(heard, sound(), RATE_HZ) > 0.9999
    assert longest_gap_ms(heard, sound(), RATE_HZ) == 0
    assert sounding_ends_at(heard) == 12345 + sound().size


@pytest.mark.parametrize("gap_ms", [10, 20, 21, 30, 100])
def test_a_gap_is_measured_to_the_millisecond(gap_ms: int) -> None:
    heard = sound()
    heard[RATE_HZ : RATE_HZ + gap_ms * RATE_HZ // 1000] = 0
    assert abs(longest_gap_ms(heard, sound(), RATE_HZ) - gap_ms) <= 1


def test_what_is_cut_out_doubled_or_missing_is_unlike() -> None:
    whole = sound()
    cut = np.concatenate([whole[:RATE_HZ], whole[RATE_HZ + 4800 :]])
    doubled = np.concatenate([whole[: RATE_HZ + 4800], whole[RATE_HZ:]])
    assert likeness(cut, whole, RATE_HZ) < 0.95
    assert likeness(doubled, whole, RATE_HZ) < 0.95
    assert likeness(np.zeros_like(whole), whole, RATE_HZ) < 0.1


class Told:
    """A process that has told nothing but its summary."""

    shown = ""

    def __init__(self, xruns: int, underruns: int) -> None:
        self.events: list[dict[str, Any]] = [{"type": "summary", "xruns": xruns, "playback": {"underruns": underruns}}]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == kind]


@pytest.mark.parametrize(
    ("xruns", "underruns", "is_busy", "is_forgiven"),
    [
        (0, 0, False, False),
        (2, 0, False, True),
        (1, 1, False, False),
        (3, 1, False, False),
        (0, 0, True, True),
        (1, 1, True, False),
    ],
)
def test_only_a_loss_of_the_sound_server_is_forgiven_and_only_once(
    xruns: int, underruns: int, is_busy: bool, is_forgiven: bool
) -> None:
    broken = np.concatenate([sound()[:RATE_HZ], sound()[RATE_HZ + 4800 :]])
    recordings = [broken, sound()]

    def hold() -> Held:
        return Held(Told(xruns, underruns), recordings.pop(0), sound(), RATE_HZ)

    assert held_whole(hold, is_busy=is_busy).is_whole == is_forgiven
    recordings = [broken, broken, sound()]
    assert not held_whole(hold, is_busy=is_busy).is_whole


def test_a_whole_answer_is_heard_once() -> None:
    recordings = [sound()]
    assert held_whole(lambda: Held(Told(5, 0), recordings.pop(0), sound(), RATE_HZ)).is_whole
    assert not recordings
