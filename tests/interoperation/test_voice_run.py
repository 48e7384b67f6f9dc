"""`voice run` against a `voice serve` that misbehaves: what a person hears is the same."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.support.serving import serving
from tests.support.speech import speech
from tests.support.voice_process import VoiceProcess

FAULTS = ("split:bytes=1-99", "late:ms=1-40,stall:ms=500:every=400events", "no-pong,beta-names")


async def heard(tmp_path: Path, *options: str) -> tuple[str, float]:
    """What the agent's words were, and how long it sounded."""
    said = speech("what is seven times eight", 16000, "en-us")
    soundfile.write(tmp_path / "in.wav", np.concatenate([np.zeros(8000, np.int16), said]), 16000)
    files = ("--input-file", str(tmp_path / "in.wav"), "--output-file", str(tmp_path / "out.wav"))
    async with serving(*options) as server:
        arguments = ("--backend", "virtual", "--url", server.url, *files)
        with VoiceProcess(*arguments, environment={**os.environ, "VOICE_CONFIG": ""}) as voice:
            assert await asyncio.to_thread(voice.wait) == 0
    assert voice.of("transcript.user")[0]["text"] == "what is seven times eight"
    sound, rate_hz = soundfile.read(tmp_path / "out.wav")
    loud = np.flatnonzero(np.abs(sound) > 0.01)
    return voice.of("text.agent")[0]["text"], (loud[-1] - loud[0]) / rate_hz


@pytest.mark.slow
async def test_faults_do_not_change_what_is_heard(tmp_path: Path) -> None:
    text, length_s = await heard(tmp_path)
    assert "56" in text
    for faults in FAULTS:
        worse, worse_s = await heard(tmp_path, "--faults", faults, "--seed", "3")
        assert "56" in worse, faults
        assert abs(worse_s - length_s) < 0.7, faults
