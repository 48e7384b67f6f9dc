"""Conversations whose sound server dies, or whose speaker is pulled out, in the middle of an answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from tests.support.hearing import Signal, offset_of, sounding_ends_at
from tests.support.relay import Relay
from tests.support.soundcard import RATE_HZ, Recording, SoundCard
from tests.support.speech import speech
from tests.support.voice_process import VoiceProcess

pytestmark = pytest.mark.soundcard

BACKENDS = ["sounddevice", pytest.param("pyaudio", marks=pytest.mark.long)]
"""Each loses and opens its streams in tests/backends/test_refresh.py; a whole conversation takes 12 s for each."""
WIRE_HZ = 24000
WINDOW_S = 1.5
"""How much of a recording is looked for in the story: no two such stretches of speech are alike."""
SLACK_S = 0.3
"""Between the clocks of the recorder, of the session's events and of the speaker, on a machine that is busy."""


def ask(card: SoundCard, text: str) -> None:
    """Say something into the microphone and wait until it is said."""
    assert card.play_to_microphone(speech(text, WIRE_HZ, "en-us+f3"), WIRE_HZ).wait(60) == 0


@contextmanager
def conversation(card: SoundCard, *devices: str) -> Iterator[tuple[Relay, VoiceProcess]]:
    """`voice run` with the embedded agent, on these devices."""
    with (
        Relay() as relay,
        VoiceProcess(
            *("--provider", "local", "--url", relay.url, "--echo", "off"), *devices, environment=card.environment
        ) as voice,
    ):
        voice.wait_for("session")
        yield relay, voice


def listen(recording: Recording, seconds: float) -> Signal:
    """Wait until so much of the agent has sounded in the recording; return all of it."""
    begins = None
    while begins is None:
        recording.wait_for(recording.seconds + 0.2)
        sounding = np.flatnonzero(np.abs(recording.samples()) > 1e-3)
        begins = int(sounding[0]) / RATE_HZ if sounding.size else None
    recording.wait_for(begins + seconds)
    return recording.samples()


def place_s(story: Signal, heard: Signal) -> float:
    """Where in the story the sound of a recording begins."""
    begins = int(np.flatnonzero(np.abs(heard) > 1e-3)[0])
    return offset_of(story, heard[begins : begins + round(WINDOW_S * RATE_HZ)]) / RATE_HZ


def end_s(story: Signal, heard: Signal) -> float:
    """Where in the story the sound of a recording ends."""
    ends = sounding_ends_at(heard)
    window = round(WINDOW_S * RATE_HZ)
    return (offset_of(story, heard[ends - window : ends]) + window) / RATE_HZ


def story_of(relay: Relay, voice: VoiceProcess) -> Signal:
    """All audio of the first answer."""
    return relay.audio(voice.wait_for("text.agent")["item_id"], RATE_HZ)


def assert_goes_on(story: Signal, before_s: float, recording: Recording, heard: Signal, voice: VoiceProcess) -> None:
    """The story goes on where it stopped, but for what sounded before the recorder ran."""
    missed_s = max(0.0, recording.began_at_s - voice.wait_for("device.found")["t"])
    begins = int(np.flatnonzero(np.abs(heard) > 1e-3)[0]) / RATE_HZ
    expected_s = before_s + (missed_s if begins < SLACK_S else 0.0)
    assert place_s(story, heard) == pytest.approx(expected_s, abs=SLACK_S)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_sound_server_that_dies_and_returns_costs_nothing_of_the_answer(
    own_soundcard: SoundCard, backend: str
) -> None:
    card = own_soundcard
    with conversation(card, "--backend", backend, "--input", "vmic", "--output", "vspk") as (relay, voice):
        with card.record_speaker() as first:
            ask(card, "tell me a story")
            voice.wait_for("audio.start")
            listen(first, 2.0)
            card.end_server()
        voice.wait_for("device.lost", 2)
        card.start()
        with card.record_speaker() as second:
            voice.wait_for("device.found")
            heard = listen(second, 2.0)
            ask(card, "what is seven times eight")
            barge_in = voice.wait_for("barge_in")
            voice.wait_for("text.agent", 2)
            second.wait_for(second.seconds + 0.5)
            assert voice.interrupt() == 0
        story = story_of(relay, voice)

    assert_goes_on(story, end_s(story, first.samples()), second, heard, voice)
    # The interruption is cut where the new stream had come to, and the microphone hears again.
    told = relay.audio(voice.of("text.agent")[1]["item_id"], RATE_HZ)
    second_part = second.samples()
    before_cut = second_part[: offset_of(second_part, told) - RATE_HZ // 10]
    assert barge_in["heard_ms"] / 1000 == pytest.approx(end_s(story, before_cut), abs=0.5)
    summary = voice.events[-1]
    assert (summary["type"], summary["turns"], summary["devices_lost"]) == ("summary", 2, 1)
    assert summary["dropped_answer_ms"] == 0
    waiting = "device lost: waiting for 'vmic, ALSA' and 'vspk, ALSA', retrying (1)"
    assert waiting in voice.shown
    assert "pa_linux_alsa.c" not in voice.shown


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_rest_of_an_answer_is_heard_on_another_speaker_and_on_the_one_that_is_plugged_in_again(
    own_soundcard: SoundCard, backend: str
) -> None:
    """While there is another, the sound server itself moves the stream; when there is none, it ends it."""
    card = own_soundcard
    card.add_sink("spare")
    card.pactl("load-module", "module-null-source", "source_name=quiet")
    with conversation(card, "--backend", backend, "--output", "vspk") as (relay, voice):
        with card.record_speaker("spare") as on_spare, card.record_speaker() as first:
            ask(card, "tell me a story")
            voice.wait_for("audio.start")
            listen(first, 2.0)
            # The microphone's cable first: its sink must not become the speaker, nor the speaker the microphone.
            card.pactl("set-default-sink", "spare")
            card.pactl("set-default-source", "quiet")
            card.remove_sink("vcable")
            card.remove_sink("vspk")
            moved = listen(on_spare, 2.0)
            card.remove_sink("spare")
        voice.wait_for("device.lost", 2)
        card.add_sink("vspk")
        with card.record_speaker() as last:
            voice.wait_for("device.found")
            heard = listen(last, 2.0)
            assert voice.interrupt() == 0
        story = story_of(relay, voice)

    assert place_s(story, moved) == pytest.approx(end_s(story, first.samples()), abs=SLACK_S)
    assert_goes_on(story, end_s(story, on_spare.samples()), last, heard, voice)
    assert "device lost: waiting for" in voice.shown
    assert voice.events[-1]["devices_lost"] >= 1
