"""Conversations whose sound server dies, or whose speaker is pulled out, in the middle of an answer."""

from __future__ import annotations

import pytest

from tests.support.broken_stories import SLACK_S, assert_goes_on, conversation, end_s, listen, place_s, story_of
from tests.support.conversations import ask
from tests.support.hearing import offset_of
from tests.support.soundcard import RATE_HZ, SoundCard

pytestmark = pytest.mark.soundcard

BACKENDS = ["sounddevice", pytest.param("pyaudio", marks=pytest.mark.long)]
"""Each loses and opens its streams in tests/backends/test_refresh.py; a whole conversation takes 12 s for each."""


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
