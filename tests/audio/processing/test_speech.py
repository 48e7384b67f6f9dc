"""Detection of speech in the processed microphone: a voice over the echo of an answer, and what is none."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.audio.processing.processors.webrtc import WebRtc
from engine.audio.processing.protocol import RATE_HZ
from engine.audio.processing.speech import SpeechDetector, SpeechLevel
from engine.dsp.resample import make_resampler
from engine.local.answering.speech import Voice

BLOCK = RATE_HZ // 50
NONE, SUSPECTED, SPEECH = SpeechLevel
STORY = (
    "Every evening he climbed the long stairs, polished the lamp, and waited for the ships to pass. One night a storm "
    "rose from the sea. The weather in Berlin today is mostly cloudy with a light wind from the west. Temperatures "
    "will reach nineteen degrees in the afternoon."
)
SLAM_AT_S, VOICE_AT_S = 5.0, 8.0


def say(text: str, voice: str, level_db: float) -> NDArray[np.float64]:
    """Words at 48 kHz; the level is that of what sounds."""
    espeak = Voice()
    samples = espeak.say(text, voice=voice) / 32768
    samples = samples[np.flatnonzero(np.abs(samples) > 0.02 * np.abs(samples).max())[0] :]
    sound = (
        make_resampler(espeak.rate_hz, RATE_HZ).process(np.ascontiguousarray(samples, np.float32)).astype(np.float64)
    )
    loud = sound[np.abs(sound) > 1e-3 * np.abs(sound).max()]
    return sound * 10 ** (level_db / 20) / np.sqrt(np.mean(loud**2))


def slam(dice: np.random.Generator) -> NDArray[np.float64]:
    """A door: half a second of dull noise that dies away."""
    at_s = np.arange(RATE_HZ // 2) / RATE_HZ
    noise = np.convolve(dice.standard_normal(at_s.size), np.ones(150) / 150, "same") * np.exp(-at_s / 0.1)
    return 0.3 * noise / np.abs(noise).max()


@pytest.fixture(scope="module")
def levels() -> list[SpeechLevel]:
    """The microphone in 11 s of an answer, 80 ms late and -6 dB in a room of 250 ms: a slam, and words as loud."""
    dice = np.random.default_rng(5)
    speaker = say(STORY, "en-us", -20.0)[: 11 * RATE_HZ]
    room = dice.standard_normal(RATE_HZ // 4) * np.exp(-np.arange(RATE_HZ // 4) / (RATE_HZ * 0.25 / 6.9))
    room[0] = 7.0
    spectra = [np.fft.rfft(signal, 2 * speaker.size) for signal in (np.tanh(2 * speaker) / 2, room)]
    echo = np.roll(np.fft.irfft(spectra[0] * spectra[1])[: speaker.size], round(0.08 * RATE_HZ))
    microphone = echo * 10 ** (-6 / 20) * np.sqrt(np.mean(speaker**2) / np.mean(echo**2))
    for at_s, sound in ((SLAM_AT_S, slam(dice)), (VOICE_AT_S, say("Stop talking now, please.", "en-us+f3", -26.0))):
        microphone[round(at_s * RATE_HZ) :][: sound.size] += sound
    microphone += dice.standard_normal(speaker.size) * 10 ** (-62 / 20)
    webrtc, detector = WebRtc(), SpeechDetector()
    heard = []
    for start in range(0, speaker.size - BLOCK, BLOCK):
        near, far = (signal[start : start + BLOCK].astype(np.float32) for signal in (microphone, speaker))
        samples = webrtc.process(near, far)
        heard.append(detector.take(samples, webrtc.speech_probability, speaker_sounds=True))
    return heard


def first(levels: Sequence[SpeechLevel], level: SpeechLevel, since_s: float) -> float:
    """Seconds until a level is reached."""
    return next(number + 1 for number, heard in enumerate(levels[round(since_s * 50) :]) if heard >= level) / 50


def test_a_voice_over_the_answer_is_suspected_and_then_known(levels: list[SpeechLevel]) -> None:
    assert first(levels, SUSPECTED, VOICE_AT_S) < 0.3
    assert first(levels, SPEECH, VOICE_AT_S) < 0.8


def test_neither_the_echo_nor_a_slamming_door_is_speech(levels: list[SpeechLevel]) -> None:
    assert SPEECH not in levels[: round(VOICE_AT_S * 50)]
    assert SUSPECTED in levels[round(SLAM_AT_S * 50) :][:15]


def feed(
    detector: SpeechDetector, seconds: float, *, level_db: float, probability: float | None, sounds: bool = True
) -> list[SpeechLevel]:
    """Give a steady sound."""
    block = np.full(BLOCK, 10 ** (level_db / 20), np.float32)
    return [detector.take(block, probability, speaker_sounds=sounds) for _ in range(round(50 * seconds))]


class Network:
    """Always says the same, and remembers which windows it was asked about."""

    def __init__(self, probability: float | None) -> None:
        self._probability = probability
        self.asked: list[int] = []
        self.resets = 0

    def process_samples(self, samples: Sequence[float]) -> float:
        self.asked.append(len(samples))
        if self._probability is None:
            raise OSError("no model")
        return self._probability

    def reset(self) -> None:
        self.resets += 1


def test_silero_is_asked_about_suspicions_while_the_speaker_sounds_and_heeded_once_the_canceller_knows_the_room() -> (
    None
):
    network = Network(0.97)
    detector = SpeechDetector(lambda: network)
    assert set(feed(detector, 1.0, level_db=-70, probability=0.9, sounds=False)) == {SUSPECTED}
    feed(detector, 1.5, level_db=-70, probability=0.1)
    calm = len(network.asked)
    feed(detector, 0.5, level_db=-70, probability=0.1)
    assert len(network.asked) == calm and network.resets == 1
    assert SPEECH not in feed(detector, 0.02, level_db=-20, probability=0.9)
    assert len(network.asked) - calm >= 4
    assert SPEECH not in feed(detector, 0.9, level_db=-20, probability=0.9)
    assert SPEECH in feed(detector, 1.0, level_db=-20, probability=0.9)
    assert SPEECH not in feed(detector, 0.4, level_db=-70, probability=0.1)
    feed(detector, 2.0, level_db=-20, probability=0.9, sounds=False)
    before = len(network.asked)
    assert set(feed(detector, 1.0, level_db=-20, probability=0.9, sounds=False)) == {SUSPECTED}
    assert len(network.asked) == before
    assert set(network.asked) == {512}


def pitch(level_db: float) -> NDArray[np.float32]:
    """A second of a voice's pitch with its harmonics."""
    at_s = np.arange(RATE_HZ) / RATE_HZ
    sound = sum(np.sin(2 * np.pi * 140 * number * at_s) / number for number in range(1, 12))
    return np.asarray(sound / np.sqrt(np.mean(sound**2)) * 10 ** (level_db / 20), np.float32)


def test_without_silero_a_pitch_is_a_voice_and_noise_is_none_and_what_fails_is_left_out_with_one_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    noise = (0.1 * np.random.default_rng(1).standard_normal(RATE_HZ)).astype(np.float32)
    for find, warnings in ((lambda: None, 0), (lambda: Network(None), 1)):
        for sound, expected in ((noise, {SUSPECTED}), (pitch(-20.0), {SUSPECTED, SPEECH})):
            caplog.clear()
            detector = SpeechDetector(find)
            with caplog.at_level(logging.WARNING):
                feed(detector, 4.0, level_db=-70, probability=0.1)
                blocks = sound.reshape(-1, BLOCK)
                heard = [detector.take(block, 0.9, speaker_sounds=True) for block in blocks]
            assert set(heard) == expected
            assert heard[:2] == [SUSPECTED] * 2
            assert len(caplog.records) == warnings


@pytest.mark.parametrize(("probability", "expected"), [(0.05, {SUSPECTED}), (0.2, {SUSPECTED, SPEECH})])
def test_a_pitch_is_a_voice_unless_silero_rules_it_out(probability: float, expected: set[SpeechLevel]) -> None:
    detector = SpeechDetector(lambda: Network(probability))
    feed(detector, 4.0, level_db=-70, probability=0.1)
    assert {detector.take(block, 0.9, speaker_sounds=True) for block in pitch(-20.0).reshape(-1, BLOCK)} == expected


def test_a_voice_is_a_suspicion_while_the_canceller_learns_the_room_anew() -> None:
    detector = SpeechDetector(lambda: Network(0.97))
    feed(detector, 4.0, level_db=-70, probability=0.1)
    detector.doubt()
    assert set(feed(detector, 1.0, level_db=-20, probability=0.9)) == {SUSPECTED}
    feed(detector, 2.5, level_db=-70, probability=0.1)
    assert SPEECH in feed(detector, 1.0, level_db=-20, probability=0.9)


def test_nothing_is_heard_where_no_processor_knows_the_echo() -> None:
    network = Network(1.0)
    assert set(feed(SpeechDetector(lambda: network), 5.0, level_db=-10, probability=None)) == {NONE}
    assert not network.asked
