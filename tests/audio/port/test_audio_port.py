"""The kernel of the port: what goes in, what comes out, and every count, to the frame."""

from __future__ import annotations

import gc
import math
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.audio.port.audio_port import FADE_MS, AudioPort
from engine.audio.port.ring import Ring
from engine.errors import InvalidInputError

RATE_HZ = 48000
FADE_FRAMES = round(RATE_HZ * FADE_MS / 1000)
OUTPUT_UNDERFLOW = 4
INPUT_OVERFLOW = 2


def output_port(channels: int = 1) -> tuple[AudioPort, Ring]:
    port = AudioPort()
    port.attach_output(RATE_HZ, channels)
    assert port.playback is not None
    return port, port.playback


def pull(port: AudioPort, frames: int, channels: int = 1, flags: int = 0) -> NDArray[np.float32]:
    block = np.full((frames, channels), np.nan, np.float32)
    port.process(None, block, flags=flags)
    return block


def ramp(count: int) -> NDArray[np.float32]:
    return np.linspace(0.1, 0.9, count, dtype=np.float32)


def test_plays_what_was_put_and_then_silence() -> None:
    port, ring = output_port()
    ring.put(ramp(100))
    block = pull(port, 160)[:, 0]
    assert np.array_equal(block[:100], ramp(100))
    assert not block[100:].any()


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_every_channel_of_the_speaker_gets_the_same(channels: int) -> None:
    port, ring = output_port(channels)
    ring.put(ramp(64))
    block = pull(port, 64, channels)
    for channel in range(channels):
        assert np.array_equal(block[:, channel], ramp(64))


@pytest.mark.parametrize("channels", [1, 2, 5])
def test_microphone_is_mixed_down_and_metered(channels: int) -> None:
    port = AudioPort()
    port.attach_input(RATE_HZ, channels)
    assert port.capture is not None
    source = np.random.default_rng(1).uniform(-0.5, 0.5, (480, channels)).astype(np.float32)
    port.process(source, None)
    mono = source.mean(axis=1)
    assert np.allclose(port.capture.get(480), mono, atol=1e-7)
    stats = port.stats()
    assert stats.input_frames == stats.captured_position == 480
    assert stats.input_peak_db == pytest.approx(20 * math.log10(np.abs(mono).max()), abs=0.01)
    assert stats.input_rms_db == pytest.approx(10 * math.log10(float(np.mean(mono.astype(float) ** 2))), abs=0.01)


def test_the_speaker_is_metered_as_it_is_given_the_sound() -> None:
    port = AudioPort()
    port.attach_output(RATE_HZ, 2)
    assert port.playback is not None
    port.gain = 0.5
    port.playback.put(np.full(960, -0.5, np.float32))
    block = np.empty((480, 2), np.float32)
    levels = []
    for _ in range(3):
        port.process(None, block)
        levels.append(port.stats().output_peak_db)
        assert 10 ** (levels[-1] / 20) == pytest.approx(np.abs(block).max(), abs=1e-6)
    assert levels[1] == pytest.approx(20 * math.log10(0.25), abs=0.01)


def test_a_nan_from_the_microphone_is_silence_in_capture_and_meters() -> None:
    port = AudioPort()
    port.attach_input(RATE_HZ, 1)
    assert port.capture is not None
    source = np.full((480, 1), 0.5, np.float32)
    source[200] = np.nan
    port.process(source, None)
    assert port.capture.get(480)[199:202].tolist() == [0.5, 0.0, 0.5]
    assert port.stats().input_rms_db == pytest.approx(-6.03, abs=0.01)


def test_microphone_that_nobody_reads_overflows_and_counts() -> None:
    port = AudioPort()
    port.attach_input(1000, 1)
    assert port.capture is not None
    capacity = port.capture.capacity
    source = np.arange(capacity + 100, dtype=np.float32)[:, None]
    port.process(source[:capacity], None)
    port.process(source[capacity:], None, flags=INPUT_OVERFLOW)
    assert port.stats().input_overflow_frames == 100
    assert port.stats().input_xruns == 1
    assert np.array_equal(port.capture.get(capacity), source[:capacity, 0])


def test_fade_then_silence_and_nothing_old_after_a_stop() -> None:
    port, ring = output_port()
    ring.put(np.ones(5000, np.float32))
    pull(port, 480)
    port.drop_before(ring.head)
    block = pull(port, 480)[:, 0]
    assert np.allclose(block[:FADE_FRAMES], 1 - np.arange(FADE_FRAMES) / FADE_FRAMES, atol=1e-6)
    assert not block[FADE_FRAMES:].any()
    assert not pull(port, 480).any()
    (cut,) = port.cuts()
    assert (cut.asked, cut.cut_at) == (5000, 480 + FADE_FRAMES)
    assert ring.tail == 5000


def test_new_answer_follows_the_fade_within_the_same_block() -> None:
    port, ring = output_port()
    ring.put(np.ones(2000, np.float32))
    pull(port, 10)
    port.drop_before(ring.head)
    ring.put(np.full(50, -0.5, np.float32))
    block = pull(port, 480)[:, 0]
    assert np.all(block[:FADE_FRAMES] >= 0)
    assert np.all(block[FADE_FRAMES : FADE_FRAMES + 50] == -0.5)
    assert not block[FADE_FRAMES + 50 :].any()


@given(st.integers(0, 600), st.lists(st.integers(1, 200), min_size=20, max_size=40))
def test_stop_in_blocks_of_any_length(queued: int, blocks: list[int]) -> None:
    port, ring = output_port()
    ring.put(np.ones(queued + 10, np.float32))
    pull(port, 10)
    port.drop_before(queued + 10)
    sound = np.concatenate([pull(port, frames)[:, 0] for frames in [*blocks, 400, 400]])
    faded = min(queued, FADE_FRAMES)
    assert np.allclose(sound[:faded], 1 - np.arange(faded) / max(faded, 1), atol=1e-5)
    assert not sound[faded:].any()
    if queued:
        (cut,) = port.cuts()
        assert (cut.asked, cut.cut_at) == (queued + 10, faded + 10)
    assert ring.tail == queued + 10


def test_an_answer_that_does_not_sound_yet_is_dropped_whole() -> None:
    port, ring = output_port()
    pull(port, 480)
    ring.put(np.ones(2000, np.float32))
    port.drop_before(2000)
    assert not pull(port, 480).any()
    (cut,) = port.cuts()
    assert (cut.asked, cut.cut_at) == (2000, 0)


def test_second_stop_during_the_fade_keeps_the_fade() -> None:
    port, ring = output_port()
    ring.put(np.ones(1000, np.float32))
    pull(port, 10)
    port.drop_before(1000)
    first = pull(port, 100)[:, 0]
    ring.put(np.ones(1000, np.float32))
    port.drop_before(2000)
    second = pull(port, 480)[:, 0]
    fade = np.concatenate([first, second])
    assert np.allclose(fade[:FADE_FRAMES], 1 - np.arange(FADE_FRAMES) / FADE_FRAMES, atol=1e-6)
    assert not fade[FADE_FRAMES:].any()
    assert [cut.asked for cut in port.cuts()] == [2000]


def test_stop_after_everything_was_played_is_noted_at_once() -> None:
    port, ring = output_port()
    ring.put(np.ones(100, np.float32))
    pull(port, 480)
    port.drop_before(100)
    pull(port, 10)
    (cut,) = port.cuts()
    assert (cut.asked, cut.cut_at) == (100, 100)


def test_only_what_was_put_can_be_dropped() -> None:
    """A tail beyond the head made the kernel write outside its block, and the ring take more than it can hold."""
    port, ring = output_port()
    with pytest.raises(InvalidInputError, match="1 frame beyond"):
        port.drop_before(1)
    ring.put(np.ones(960, np.float32))
    pull(port, 480)
    with pytest.raises(InvalidInputError):
        port.drop_before(10**7)
    assert np.array_equal(pull(port, 480)[:, 0], np.ones(480, np.float32))
    port.drop_before(960)
    pull(port, 480)
    assert (ring.tail, ring.head) == (960, 960)
    with pytest.raises(InvalidInputError, match="no output"):
        AudioPort().drop_before(0)


def test_a_ring_that_a_stream_may_use_is_not_exchanged() -> None:
    """The audio thread knows the memory by its address: another ring in its place would free it."""
    port, ring = output_port()
    port.attach_input(RATE_HZ, 1)
    with pytest.raises(InvalidInputError, match="port of its own"):
        port.attach_output(44100, 1)
    with pytest.raises(InvalidInputError, match="port of its own"):
        port.attach_input(44100, 1)
    assert port.playback is ring
    assert (port.input_rate_hz, port.output_rate_hz) == (RATE_HZ, RATE_HZ)


def test_gain_ramps_over_one_block() -> None:
    port, ring = output_port(2)
    ring.put(np.ones(960, np.float32))
    port.gain = 0.5
    first, second = pull(port, 480, 2), pull(port, 480, 2)
    assert np.allclose(first[:, 1], 1 - 0.5 * np.arange(1, 481) / 480, atol=1e-6)
    assert np.allclose(second, 0.5)


@pytest.mark.parametrize("frames", [48, 240, 960])
def test_a_fade_of_the_gain_takes_its_time_in_blocks_of_any_length_and_ends_at_the_value(frames: int) -> None:
    port, ring = output_port()
    ring.put(np.ones(20 * 960, np.float32))
    for gain, over_ms in ((0.125, 30), (1.0, 100)):
        before, blocks = port.gain, math.ceil(over_ms * RATE_HZ / 1000 / frames)
        port.fade_gain(gain, over_ms=over_ms)
        sound = np.concatenate([[before], *(pull(port, frames)[:, 0] for _ in range(blocks))])
        assert np.abs(np.diff(sound)).max() < 1.01 * 0.875 / (over_ms * RATE_HZ / 1000)
        assert abs(sound[-1 - frames] - gain) > 0.005
        assert sound[-1] == pytest.approx(gain)
        assert np.array_equal(pull(port, frames)[-1:, 0], [port.gain])


def test_silence_is_an_underrun_only_in_the_middle_of_an_answer() -> None:
    port, ring = output_port()
    pull(port, 480)
    port.expect_more(True)
    ring.put(np.ones(100, np.float32))
    pull(port, 480, flags=OUTPUT_UNDERFLOW)
    pull(port, 480)
    port.expect_more(False)
    pull(port, 480)
    stats = port.stats()
    assert (stats.output_underrun_frames, stats.output_underruns, stats.output_xruns) == (860, 1, 1)
    assert (stats.output_frames, stats.output_calls) == (4 * 480, 4)


def test_played_sound_is_kept_for_the_echo_canceller() -> None:
    port = AudioPort(keep_reference=True)
    port.attach_output(RATE_HZ, 2)
    assert port.playback is not None and port.reference is not None
    port.playback.put(ramp(100))
    pull(port, 160, 2)
    reference = port.reference.get(500)
    assert reference.size == 160
    assert np.array_equal(reference[:100], ramp(100))


@pytest.mark.parametrize(
    "block",
    [np.zeros((10, 2), np.float32), np.zeros((10, 1)), np.zeros(10, np.float32), np.zeros((20, 1), np.float32)[::2]],
)
def test_wrong_blocks_are_refused(block: NDArray[np.float32]) -> None:
    port, _ = output_port()
    with pytest.raises(InvalidInputError):
        port.process(None, block)


def test_a_port_that_nobody_knows_any_more_gives_its_memory_back_at_once() -> None:
    """Not at the next collection: each time a device is lost there is another port, of 10 MB."""
    port = AudioPort(keep_reference=True)
    port.attach_input(48000, 1)
    port.attach_output(48000, 1)
    assert port.capture is not None
    assert port.playback is not None
    assert port.reference is not None
    memory = [weakref.ref(ring._samples.base) for ring in (port.capture, port.playback, port.reference)]
    gc.disable()
    try:
        del port
        assert [reference() for reference in memory] == [None] * len(memory)
    finally:
        gc.enable()
