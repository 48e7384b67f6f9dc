"""`voice run` against a `voice serve` that misbehaves: what a person hears is what was said."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import numpy as np
import soundfile
import soxr

from tests.local.client import connect
from tests.support.hearing import Signal, likeness
from tests.support.serving import serving
from tests.support.speech import speech
from tests.support.voice_process import VoiceProcess

RATE_HZ = 48000
FAULTS = "split:bytes=1-199,late:ms=1-40,error:after=90events,no-pong,beta-names"


async def said_by_a_fresh_server() -> Signal:
    """The answer without faults; espeak-ng's first sentence is not like its second, so of a server that never spoke."""
    async with serving() as server, connect(server.url) as client:
        await client.type("what is seven times eight")
        text, sound = await client.answer()
    assert text == "Seven times eight is 56."
    return np.asarray(soxr.resample(sound.astype(np.float32) / 32768, 24000, RATE_HZ), np.float32)


async def test_faults_do_not_change_what_is_heard(tmp_path: Path) -> None:
    said = speech("what is seven times eight", 16000, "en-us")
    soundfile.write(tmp_path / "in.wav", np.concatenate([np.zeros(8000, np.int16), said]), 16000)
    files = ("--input-file", str(tmp_path / "in.wav"), "--output-file", str(tmp_path / "out.wav"))
    async with serving("--faults", FAULTS, "--seed", "3") as server:
        arguments = ("--backend", "virtual", "--url", server.url, *files)
        with VoiceProcess(*arguments, environment={**os.environ, "VOICE_CONFIG": ""}) as voice:
            assert await asyncio.to_thread(voice.wait) == 0
    assert voice.of("transcript.user")[0]["text"] == "what is seven times eight"
    assert voice.of("text.agent")[0]["text"] == "Seven times eight is 56."
    heard, rate_hz = soundfile.read(tmp_path / "out.wav", dtype="float32")
    assert rate_hz == RATE_HZ
    assert likeness(heard, await said_by_a_fresh_server(), RATE_HZ) >= 0.99


async def test_an_address_that_lacks_its_path_means_the_usual_one() -> None:
    async with serving() as server:
        arguments = ("--backend", "virtual", "--url", server.url.removesuffix("/v1/realtime"))
        with VoiceProcess(*arguments, environment={**os.environ, "VOICE_CONFIG": ""}) as voice:
            await asyncio.to_thread(voice.wait_for, "session")
            assert await asyncio.to_thread(voice.interrupt) == 0
