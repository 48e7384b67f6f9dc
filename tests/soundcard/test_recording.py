"""A conversation on the virtual sound card is recorded as it was heard there."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.support.conversations import WIRE_HZ, ask, local
from tests.support.hearing import likeness, longest_gap_ms
from tests.support.relay import Relay
from tests.support.soundcard import RATE_HZ, SoundCard
from tests.support.voice_process import VOICE, VoiceProcess

pytestmark = pytest.mark.soundcard


def test_both_sides_are_recorded_in_step(soundcard: SoundCard, tmp_path: Path) -> None:
    options = ("--backend", "sounddevice", "--echo", "on", "--record", str(tmp_path / "talk"))
    with (
        Relay() as relay,
        soundcard.record_speaker() as recording,
        VoiceProcess(*local(relay), *options, environment=soundcard.environment) as voice,
    ):
        voice.wait_for("session")
        ask(soundcard, "what time is it")
        answer = voice.wait_for("text.agent")
        reference = relay.audio(answer["item_id"], RATE_HZ)
        recording.wait_for(recording.seconds + reference.size / RATE_HZ + 1.0)
        assert voice.interrupt() == 0
        speaker = recording.samples()
    heard, rate_hz = soundfile.read(tmp_path / "talk" / "heard.wav", dtype="float32")
    assert rate_hz == WIRE_HZ
    said, played = heard[:, 0], heard[:, 1]
    half = reference[:: RATE_HZ // WIRE_HZ]
    assert likeness(played, half, WIRE_HZ) >= 0.95
    assert longest_gap_ms(played, half, WIRE_HZ) == 0
    assert likeness(speaker, reference, RATE_HZ) >= 0.95
    asked_s = np.flatnonzero(np.abs(said) > 0.05)[[0, -1]] / WIRE_HZ
    answered_s = np.flatnonzero(np.abs(played) > 0.05)[0] / WIRE_HZ
    latency_s = voice.of("audio.start")[0]["latency_ms"] / 1000
    # The answer began that long after the last word, which the ear of the server and this threshold place differently.
    assert answered_s - asked_s[1] == pytest.approx(latency_s, abs=0.3)
    replayed = subprocess.run([VOICE, "replay", str(tmp_path / "talk")], capture_output=True, check=False, timeout=60)
    assert replayed.returncode == 0, replayed.stderr
