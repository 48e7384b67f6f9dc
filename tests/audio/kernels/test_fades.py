"""A gap in the middle of an answer: it fades out and back in without a click, and costs no frame of the answer."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.audio.port.audio_port import FADE_MS, AudioPort

RATE_HZ = 48000
LEVEL = 0.5
FADE = round(RATE_HZ * FADE_MS / 1000)
TONE_HZ = 300.0
SLOPE = LEVEL * 2 * np.pi * TONE_HZ / RATE_HZ + LEVEL / FADE
"""The steepest step between two frames: the tone's own, and that of a fade."""


def tone(frames: int) -> NDArray[np.float32]:
    """It ends near a crest for most lengths, where breaking off clicks loudest."""
    return (LEVEL * np.cos(2 * np.pi * TONE_HZ * np.arange(frames) / RATE_HZ)).astype(np.float32)


def port() -> AudioPort:
    made = AudioPort()
    made.attach_output(RATE_HZ, 1)
    return made


def put(it: AudioPort, samples: NDArray[np.float32]) -> None:
    assert it.playback is not None
    assert it.playback.put(samples) == samples.size


def pull(it: AudioPort, frames: int, block_frames: int) -> NDArray[np.float32]:
    played = []
    for _ in range(-(-frames // block_frames)):
        block = np.empty((block_frames, 1), np.float32)
        it.process(None, block)
        played.append(block[:, 0])
    return np.concatenate(played)


@pytest.mark.parametrize("block_frames", [1, 64, 480, 1023, 9600])
@pytest.mark.parametrize("first_frames", [960, 1000, 1279, 4800])
@pytest.mark.parametrize("gap_frames", [1, 200, 384, 5000])
def test_no_step_is_steeper_than_the_fade(block_frames: int, first_frames: int, gap_frames: int) -> None:
    it = port()
    whole = tone(first_frames + 4800)
    it.expect_more(True)
    put(it, whole[:first_frames])
    sound = pull(it, first_frames + gap_frames, block_frames)
    put(it, whole[first_frames:])
    sound = np.concatenate([sound, pull(it, 4800, block_frames)])
    steps = np.abs(np.diff(sound[: sound.size - block_frames]))
    assert np.max(steps) <= SLOPE
    assert it.stats().output_underruns >= 1
    # All of the answer was played, the first part untouched up to its last frame.
    assert np.array_equal(sound[:first_frames], whole[:first_frames])
    assert it.stats().played_position == whole.size or block_frames > 4800


def test_the_sound_comes_back_whole_after_the_fade() -> None:
    it = port()
    it.expect_more(True)
    whole = tone(9600)
    put(it, whole[:4800])
    assert not pull(it, 9600, 480)[4800 + FADE :].any()
    put(it, whole[4800:])
    after = pull(it, 4800, 480)
    assert after[0] == 0.0
    assert np.array_equal(after[FADE:], whole[4800 + FADE :])


def test_an_answer_that_ends_by_itself_is_not_touched_nor_the_next_one() -> None:
    it = port()
    put(it, tone(1000))
    first = pull(it, 1920, 480)
    put(it, tone(1000))
    second = pull(it, 960, 480)
    assert np.array_equal(first[:1000], tone(1000))
    assert not first[1000:].any()
    assert np.array_equal(second, tone(960))


def test_an_answer_after_one_that_ran_dry_and_was_then_complete_begins_at_once() -> None:
    it = port()
    it.expect_more(True)
    put(it, tone(1000))
    pull(it, 4800, 480)
    it.expect_more(False)
    pull(it, 480, 480)
    put(it, tone(960))
    assert np.array_equal(pull(it, 960, 480), tone(960))


@pytest.mark.parametrize("after_frames", [0, 100, 2000])
def test_a_stop_in_a_gap_or_right_after_it_does_not_click(after_frames: int) -> None:
    it = port()
    assert it.playback is not None
    it.expect_more(True)
    put(it, tone(1000))
    sound = [pull(it, 1200, 100)]
    if after_frames:
        put(it, tone(4800))
        sound.append(pull(it, after_frames, 100))
    it.expect_more(False)
    it.drop_before(it.playback.head)
    sound.append(pull(it, 2000, 100))
    played = np.concatenate(sound)
    assert np.max(np.abs(np.diff(played))) <= SLOPE + LEVEL / FADE
    assert not played[-1000:].any()
    put(it, tone(960))
    assert np.array_equal(pull(it, 960, 480), tone(960))
