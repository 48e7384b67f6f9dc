"""The parts that listen: the grammar, the recogniser, where speech begins and ends, and the input buffer."""

from __future__ import annotations

import re
from unittest.mock import Mock

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.local.answering.cities import CITIES
from engine.local.hearing import voice_activity
from engine.local.hearing.grammar import grammar
from engine.local.hearing.listener import Listener
from engine.local.hearing.recognizer import Recognizer
from engine.local.hearing.voice_activity import RATE_HZ, Started, Stopped, TurnDetector
from engine.local.protocol.settings import ServerVad
from engine.local.protocol.validation import Refusal
from engine.local.speech_worker import SpeechWorker
from tests.support.speech import speech

QUIET = np.zeros(RATE_HZ, np.int16)
PUBLIC = re.compile(r"public <turn> =(.*);", re.DOTALL)


def noisy(samples: NDArray[np.int16]) -> NDArray[np.int16]:
    """The same with the hiss of a microphone, 60 dB below full scale."""
    hiss = np.random.default_rng(7).normal(0.0, 33.0, samples.size)
    return np.clip(samples + hiss, -32768, 32767).astype(np.int16)


def turns(samples: NDArray[np.int16], step: int = 320, threshold: float = 0.5) -> list[Started | Stopped]:
    """What a detector says of a stream that comes in pieces."""
    detector = TurnDetector(threshold=threshold, prefix_padding_ms=300, silence_duration_ms=400)
    return [event for at in range(0, samples.size, step) for event in detector.feed(samples[at : at + step])]


def test_the_grammar_has_every_city_that_the_dictionary_knows() -> None:
    everything = grammar(lambda _word: True)
    assert all(city.lower() in everything for city in CITIES)
    assert "moscow" not in grammar(lambda word: word != "moscow")
    assert "new york" not in grammar(lambda word: word != "york")
    rule = PUBLIC.search(everything)
    assert rule is not None
    assert rule[1].count("[") == rule[1].count("]")
    assert everything.isascii()


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    """One model for all tests here."""
    return Recognizer()


@pytest.mark.parametrize(
    "phrase",
    ["what is the weather in moscow", "what is seven times eight", "tell me a story", "what time is it", "goodbye"],
)
def test_clear_speech_is_recognised(recognizer: Recognizer, phrase: str) -> None:
    utterance = np.concatenate([QUIET[:4000], speech(phrase, RATE_HZ, "en-us+f3"), QUIET[:6400]])
    for heard in (utterance, noisy(utterance), utterance // 5):
        assert recognizer.transcribe(heard) == phrase


@pytest.mark.parametrize(("before", "behind"), [(0.0, 0.0), (0.3, 1.0), (1.0, 1.0), (3.0, 0.0)])
def test_silence_around_the_words_changes_nothing(recognizer: Recognizer, before: float, behind: float) -> None:
    phrase = speech("what is seven times eight", RATE_HZ, "en-us+f3")
    utterance = np.concatenate([np.tile(QUIET, 3)[: int(before * RATE_HZ)], phrase, QUIET[: int(behind * RATE_HZ)]])
    for heard in (utterance, noisy(utterance)):
        assert recognizer.transcribe(heard) == "what is seven times eight"


async def test_what_is_longer_than_any_phrase_is_not_recognised(
    speech_worker: SpeechWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoder = Mock()
    monkeypatch.setattr(speech_worker._recognizer, "_decoder", decoder)
    noise = np.random.default_rng(1).integers(-8000, 8000, 20 * RATE_HZ).astype(np.int16)
    assert await speech_worker.transcribe(noise) == ""
    decoder.process_raw.assert_not_called()


@pytest.mark.parametrize("samples", [0, 1, 159, 1600])
def test_an_utterance_of_next_to_nothing_does_no_harm(recognizer: Recognizer, samples: int) -> None:
    recognizer.transcribe(QUIET[:samples])
    phrase = np.concatenate([QUIET[:4000], speech("goodbye", RATE_HZ, "en-us+f3"), QUIET[:6400]])
    assert recognizer.transcribe(phrase) == "goodbye"


@pytest.mark.parametrize("step", [1, 160, 511, 16000])
def test_turns_do_not_depend_on_how_the_stream_is_cut(step: int) -> None:
    stream = np.concatenate([QUIET, speech("hello there", RATE_HZ), QUIET])[: 3 * RATE_HZ]
    reference = turns(stream, 320)
    assert [type(event) for event in reference] == [Started, Stopped]
    cut = turns(stream, step)
    assert [event.at_ms for event in cut] == [event.at_ms for event in reference]


def test_an_utterance_has_its_padding_and_its_end() -> None:
    word = speech("hello", RATE_HZ)
    started, stopped = turns(np.concatenate([QUIET, word, QUIET]))
    assert isinstance(stopped, Stopped)
    assert 600 <= started.at_ms <= 1000
    assert stopped.at_ms - started.at_ms == pytest.approx(1000 * stopped.utterance.size / RATE_HZ, abs=64)


def test_silence_and_hiss_are_no_speech() -> None:
    assert turns(noisy(np.tile(QUIET, 5))) == []


@pytest.mark.parametrize("threshold", [0.02, 0.1, 0.9, 1.0])
def test_a_turn_ends_at_any_threshold(threshold: float) -> None:
    events = turns(np.concatenate([QUIET, speech("hello there", RATE_HZ), np.tile(QUIET, 3)]), threshold=threshold)
    assert len(events) % 2 == 0


def test_a_turn_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice_activity, "MAX_UTTERANCE_S", 5)
    detector = TurnDetector(threshold=0.0, prefix_padding_ms=0, silence_duration_ms=400)
    speaking = np.tile(speech("tell me a long story about the sea", RATE_HZ), 5)
    events = list(detector.feed(speaking[: 8 * RATE_HZ]))
    lengths = [event.utterance.size / RATE_HZ for event in events if isinstance(event, Stopped)]
    assert lengths
    assert 4.9 <= max(lengths) <= 5.0


def test_silence_of_no_duration_ends_a_turn_in_silence_only() -> None:
    detector = TurnDetector(threshold=0.5, prefix_padding_ms=0, silence_duration_ms=0)
    events = list(detector.feed(np.concatenate([QUIET, speech("hello", RATE_HZ), QUIET])))
    stopped = [event for event in events if isinstance(event, Stopped)]
    assert stopped
    assert all(event.utterance.size > 512 for event in stopped)


@pytest.mark.parametrize("rate_hz", [8000, 11025, 22050, 44100, 48000])
def test_a_commit_returns_all_that_was_sent(rate_hz: int) -> None:
    listener = Listener(rate_hz, None, start_ms=0)
    tone = (8000 * np.sin(2 * np.pi * 440 * np.arange(rate_hz) / rate_hz)).astype(np.int16)
    for start in range(0, tone.size, 441):
        assert list(listener.feed(tone[start : start + 441])) == []
    stopped = listener.commit()
    assert stopped.at_ms == 1000
    assert stopped.utterance.size == pytest.approx(RATE_HZ, abs=2)
    last = stopped.utterance[-1600:].astype(float)
    assert np.sqrt(np.mean(last**2)) == pytest.approx(8000 / np.sqrt(2), rel=0.05)
    with pytest.raises(Refusal, match="commit_empty"):
        listener.commit()


def test_less_than_a_tenth_of_a_second_is_not_committed() -> None:
    listener = Listener(24000, None, start_ms=0)
    list(listener.feed(np.ones(2000, np.int16)))
    with pytest.raises(Refusal, match="commit_empty"):
        listener.commit()


def test_a_commit_in_silence_is_refused_where_turns_are_detected() -> None:
    listener = Listener(RATE_HZ, ServerVad(), start_ms=500)
    assert list(listener.feed(QUIET)) == []
    assert listener.now_ms == 1500
    with pytest.raises(Refusal, match="commit_empty"):
        listener.commit()
