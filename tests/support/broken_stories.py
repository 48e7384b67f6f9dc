"""Stories of the embedded agent that are broken by their device, and where in them what was recorded lies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from tests.support.hearing import Signal, offset_of, sounding_ends_at
from tests.support.relay import Relay
from tests.support.soundcard import RATE_HZ, Recording, SoundCard
from tests.support.voice_process import VoiceProcess

WINDOW_S = 1.5
"""Length of the piece of a recording that is looked for in the story: no two such pieces of speech are alike."""
SLACK_S = 0.3
"""Between the clocks of the recorder, of the session's events and of the speaker, on a machine that is busy."""


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
        card.join(voice.pid)
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
    """Position in the story at which the sound of a recording begins, in seconds."""
    begins = int(np.flatnonzero(np.abs(heard) > 1e-3)[0])
    return offset_of(story, heard[begins : begins + round(WINDOW_S * RATE_HZ)]) / RATE_HZ


def end_s(story: Signal, heard: Signal) -> float:
    """Position in the story at which the sound of a recording ends, in seconds."""
    ends = sounding_ends_at(heard)
    window = round(WINDOW_S * RATE_HZ)
    return (offset_of(story, heard[ends - window : ends]) + window) / RATE_HZ


def story_of(relay: Relay, voice: VoiceProcess) -> Signal:
    """All audio of the first answer that has come: on a busy machine the conversation may end before the rest."""
    return relay.audio(voice.wait_for("text.agent.delta")["item_id"], RATE_HZ)


def assert_goes_on(story: Signal, before_s: float, recording: Recording, heard: Signal, voice: VoiceProcess) -> None:
    """The story goes on where it stopped, but for what sounded before the recorder ran."""
    missed_s = max(0.0, recording.began_at_s - voice.wait_for("device.found")["t"])
    begins = int(np.flatnonzero(np.abs(heard) > 1e-3)[0]) / RATE_HZ
    expected_s = before_s + (missed_s if begins < SLACK_S else 0.0)
    assert place_s(story, heard) == pytest.approx(expected_s, abs=SLACK_S)
