"""Conversations with the embedded agent on a virtual sound card of any server, and what must be heard of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.support.hearing import offset_of, sounding_ends_at
from tests.support.held import Held, held_whole
from tests.support.relay import Relay
from tests.support.soundcard import RATE_HZ, SoundCard
from tests.support.speech import speech
from tests.support.voice_process import VoiceProcess

WIRE_HZ = 24000
RECORDER_MS = 40
"""Most that the test's own recorder may add to the latency it asks for: it wakes when the machine lets it."""


def ask(card: SoundCard, text: str) -> None:
    """Say something into the microphone and wait until it is said."""
    assert card.play_to_microphone(speech(text, WIRE_HZ, "en-us+f3"), WIRE_HZ).wait(60) == 0


def local(relay: Relay) -> tuple[str, ...]:
    """The embedded agent, its audio kept on the way: espeak-ng says the same sentence differently each time.

    The card's microphone does not hear its speaker, and an echo canceller needs 8 s of an answer to know that: until
    then it takes a voice for echo.
    """
    return "--provider", "local", "--url", relay.url, "--echo", "off"


def judge_a_question(card: SoundCard, backend: str) -> None:
    """Ask for the weather, and see that it is understood, the tool called, and the answer heard whole."""
    held = held_whole(lambda: ask_for_the_weather(card, backend))
    voice = held.voice
    assert held.is_whole, repr(held)
    assert "Degraded" not in voice.shown
    assert voice.of("transcript.user")[0]["text"].lower() == "what is the weather in moscow"
    (call,) = voice.of("tool.call")
    assert (call["name"], call["arguments"]["city"].lower()) == ("get_weather", "moscow")
    (result,) = voice.of("tool.result")
    assert not result["failed"]
    summary = held.summary
    assert (summary["type"], summary["turns"], summary["dropped_blocks"]) == ("summary", 1, 0)
    assert summary["reason"] == "ended by the user"


def ask_for_the_weather(card: SoundCard, backend: str) -> Held:
    """A question, a tool call, an answer."""
    with (
        Relay() as relay,
        card.record_speaker() as recording,
        VoiceProcess(*local(relay), "--backend", backend, environment=card.environment) as voice,
    ):
        voice.wait_for("session")
        card.join(voice.pid)
        ask(card, "what is the weather in Moscow")
        answer = voice.wait_for("text.agent")
        voice.wait_for("response.end", 2)
        reference = relay.audio(answer["item_id"], RATE_HZ)
        recording.wait_for(recording.seconds + reference.size / RATE_HZ + 1.0)
        assert voice.interrupt() == 0
        return Held(voice, recording.samples(), reference, RATE_HZ)


def judge_an_interruption(card: SoundCard, backend: str) -> None:
    """Interrupt a story, and see that it is silent within 100 ms and nothing of it follows."""
    held = held_whole(lambda: interrupt_a_story(card, backend))
    voice, heard = held.voice, held.heard
    # After the interruption: the second answer alone.
    assert held.is_whole, repr(held)
    (barge_in,) = voice.of("barge_in")
    started_at_s = [event["t"] for event in voice.of("speech") if event["started"]][1]
    first_part = heard[: offset_of(heard, held.reference) - RATE_HZ // 10]
    silent_at_s = held.began_at_s + sounding_ends_at(first_part) / RATE_HZ
    after_ms = _device_latency_ms(voice.shown) + card.record_latency_ms + RECORDER_MS
    assert 1000 * (silent_at_s - started_at_s) <= 100 + after_ms
    assert barge_in["silence_ms"] <= 100
    # Where its last half second lies in the answer: how long it took would count what a sound server put in between.
    last = first_part[: sounding_ends_at(first_part)][-RATE_HZ // 2 :]
    heard_ms = 1000 * (offset_of(held.cut, last) + last.size) / RATE_HZ
    # A pause between words lets the sound end before the cut; nothing sounds after it, but for the clocks' error.
    assert heard_ms <= barge_in["heard_ms"] + 15
    assert heard_ms >= barge_in["heard_ms"] - 400


def interrupt_a_story(card: SoundCard, backend: str) -> Held:
    """A long answer, a question in the middle of it, and the answer to that."""
    with (
        Relay() as relay,
        card.record_speaker() as recording,
        VoiceProcess(*local(relay), "--backend", backend, environment=card.environment) as voice,
    ):
        voice.wait_for("session")
        card.join(voice.pid)
        ask(card, "tell me a story")
        voice.wait_for("audio.start")
        recording.wait_for(recording.seconds + 3.0)
        ask(card, "what is seven times eight")
        voice.wait_for("audio.start", 2)
        recording.wait_for(recording.seconds + 4.0)
        assert voice.interrupt() == 0
        heard = recording.samples()
    told, second = (relay.audio(event["item_id"], RATE_HZ) for event in voice.of("text.agent"))
    return Held(voice, heard, second, RATE_HZ, cut=told, began_at_s=recording.began_at_s)


def _device_latency_ms(shown: str) -> float:
    line = next(line for line in shown.splitlines() if line.startswith("Speaker:"))
    return float(line.rsplit("latency ", 1)[1].split()[0])


def judge_beside_a_busy_tool(card: SoundCard, backend: str) -> None:
    """Hold the conversation, and see that its sound is whole and its interruption felt at once."""
    held = held_whole(lambda: listen_beside_a_busy_tool(card, backend), is_busy=True)
    assert held.is_whole, repr(held)
    (barge_in,) = held.voice.of("barge_in")
    assert barge_in["silence_ms"] <= 60
    assert held.summary["dropped_blocks"] == 0
    assert np.max(np.abs(held.heard)) < 1.0


def listen_beside_a_busy_tool(card: SoundCard, backend: str) -> Held:
    """20 s of an answer, which is then interrupted, beside a tool that never lets go of its interpreter."""
    folder = Path(__file__).parents[1] / "soundcard"
    with (
        Relay() as relay,
        card.record_speaker() as recording,
        VoiceProcess(
            *local(relay),
            *("--backend", backend, "--tools", "spinning:TOOLS"),
            environment=card.environment,
            folder=folder,
        ) as voice,
    ):
        voice.wait_for("session")
        card.join(voice.pid)
        ask(card, "tell me a story")
        story = voice.wait_for("text.agent")
        recording.wait_for(recording.seconds + 21.0)
        ask(card, "what is seven times eight")
        voice.wait_for("barge_in")
        assert voice.interrupt() == 0
        heard = recording.samples()
    reference = relay.audio(story["item_id"], RATE_HZ)[: 20 * RATE_HZ]
    assert reference.size == 20 * RATE_HZ
    return Held(voice, heard, reference, RATE_HZ)
