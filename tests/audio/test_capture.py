"""Capture: blocks of the right length and content, whatever the block sizes of the device."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.audio.capture import Capture
from engine.audio.port.audio_port import AudioPort
from engine.dsp.pcm16 import float32_to_pcm16
from engine.dsp.resample import make_resampler
from engine.errors import InvalidInputError


def make(
    device_rate_hz: int = 24000, wire_rate_hz: int = 24000, gain: float = 1.0, block_ms: float = 20
) -> tuple[AudioPort, Capture]:
    port = AudioPort()
    port.attach_input(device_rate_hz, 1)
    return port, Capture(port, wire_rate_hz, block_ms, gain=gain)


def blocks_of(capture: Capture) -> list[bytes]:
    return [block.pcm16 for block in capture.read_blocks()]


@given(st.lists(st.integers(1, 700), max_size=30))
def test_blocks_are_the_microphone_without_gap(lengths: list[int]) -> None:
    port, capture = make()
    total = sum(lengths)
    samples = np.random.default_rng(2).uniform(-0.9, 0.9, total).astype(np.float32)
    blocks: list[bytes] = []
    start = 0
    for length in lengths:
        port.process(samples[start : start + length, None].copy(), None)
        start += length
        blocks += blocks_of(capture)
    assert len(blocks) == total // 480
    assert all(len(block) == 960 for block in blocks)
    expected = np.round(samples[: len(blocks) * 480].astype(np.float64) * 32768).astype(np.int16)
    assert np.array_equal(np.frombuffer(b"".join(blocks), np.int16), expected)


@pytest.mark.parametrize("gain", [1.0, 0.25])
@pytest.mark.parametrize("block_ms", [20, 250])
@pytest.mark.parametrize("rates_hz", [(24000, 24000), (48000, 24000), (44100, 16000), (8000, 24000), (44100, 48000)])
def test_blocks_are_what_resampler_and_converter_make_of_the_whole(
    rates_hz: tuple[int, int], block_ms: float, gain: float
) -> None:
    port, capture = make(*rates_hz, gain, block_ms)
    dice = np.random.default_rng(3)
    samples = dice.uniform(-0.9, 0.9, rates_hz[0]).astype(np.float32)
    blocks, start = list[bytes](), 0
    while start < samples.size:
        length = int(dice.integers(1, 1500))
        port.process(samples[start : start + length, None].copy(), None)
        start += length
        if length % 2:
            blocks += blocks_of(capture)
    blocks += blocks_of(capture)
    pcm16 = np.frombuffer(b"".join(blocks), np.int16)
    # Streamed in blocks, the filters' sums round differently in the last bit.
    expected = float32_to_pcm16(make_resampler(*rates_hz).process(samples) * np.float32(gain))
    assert expected.size - capture.block_samples <= pcm16.size <= expected.size
    assert np.max(np.abs(pcm16.astype(int) - expected[: pcm16.size])) <= 1


def test_a_tone_survives_resampling() -> None:
    port, capture = make(device_rate_hz=44100)
    n = np.arange(44100)
    port.process((0.5 * np.sin(2 * np.pi * 1000 * n / 44100)).astype(np.float32)[:, None], None)
    pcm = np.frombuffer(b"".join(blocks_of(capture)), np.int16)[2400:-2400] / 32768
    basis = np.exp(-2j * np.pi * 1000 * np.arange(pcm.size) / 24000)
    assert abs(2 * np.mean(pcm * basis)) == pytest.approx(0.5, abs=1e-3)


def test_gain_applies_and_clips() -> None:
    port, capture = make(gain=4.0)
    port.process(np.linspace(-1, 1, 480, dtype=np.float32)[:, None], None)
    pcm = np.frombuffer(blocks_of(capture)[0], np.int16)
    assert pcm[0] == -32768
    assert pcm[-1] == 32767


def test_block_knows_when_its_last_frame_came_in() -> None:
    port, capture = make()
    before = time.monotonic()
    port.process(np.zeros((1200, 1), np.float32), None)
    first, second = capture.read_blocks()
    after = time.monotonic()
    assert second.captured_at_s - first.captured_at_s == pytest.approx(0.020, abs=1e-6)
    # 240 of the 1200 frames came in after the second block's last one.
    assert before - 0.010 - 1e-6 <= second.captured_at_s <= after - 0.010 + 1e-6


def test_an_impossible_block_is_refused() -> None:
    port = AudioPort()
    with pytest.raises(InvalidInputError):
        Capture(port, 24000, 20)
    port.attach_input(24000, 1)
    with pytest.raises(InvalidInputError):
        Capture(port, 24000, 0)
