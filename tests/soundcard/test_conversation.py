"""Whole conversations on the virtual sound card, with both native backends: spoken in, understood, heard back."""

from __future__ import annotations

import pytest

from tests.support.conversations import judge_a_question, judge_an_interruption, judge_beside_a_busy_tool
from tests.support.soundcard import SoundCard

pytestmark = pytest.mark.soundcard

BACKENDS = ["sounddevice", "pyaudio"]
PYAUDIO_IS_LONG = ["sounddevice", pytest.param("pyaudio", marks=pytest.mark.long)]
"""Half a minute for each backend, and both run the same callback: the first test holds a conversation with either."""


@pytest.mark.parametrize("backend", BACKENDS)
def test_speech_is_understood_the_tool_is_called_and_the_answer_is_heard_whole(
    soundcard: SoundCard, backend: str
) -> None:
    judge_a_question(soundcard, backend)


@pytest.mark.timing
@pytest.mark.parametrize("backend", PYAUDIO_IS_LONG)
def test_barge_in_is_silent_within_100_ms_and_nothing_of_the_old_answer_follows(
    soundcard: SoundCard, backend: str
) -> None:
    judge_an_interruption(soundcard, backend)


@pytest.mark.timing
@pytest.mark.parametrize("backend", PYAUDIO_IS_LONG)
def test_a_busy_tool_breaks_no_sound_of_a_20_s_answer_and_delays_no_interruption(
    soundcard: SoundCard, backend: str
) -> None:
    judge_beside_a_busy_tool(soundcard, backend)


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("backend", BACKENDS)
def test_ten_answers_of_ten_are_whole_beside_a_busy_tool(soundcard: SoundCard, backend: str) -> None:
    for _ in range(10):
        judge_beside_a_busy_tool(soundcard, backend)
