"""Interrupts a real session at random moments, and reads from a recording how much of each answer sounded.

Every answer is noise of its own: any 25 ms of a recording say of which answer they are, and where in it they lie.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from tests.support.hearing import Signal, UnlikeError, end_in
from tests.support.scripted_server import Peer, ScriptedServer
from tests.support.soundcard import SoundCard
from tests.support.voice_process import VoiceProcess

PROVIDERS = {24000: "openai", 44100: "yandex"}
"""By the wire's rate of the answers."""
_ROOT = Path(__file__).parents[2]
_KEYS = {"OPENAI_API_KEY": "test", "YANDEX_CLOUD_API_KEY": "test", "YANDEX_CLOUD_FOLDER_ID": "test"}
_ANSWER_S = 3.0
_DELTA_S = 0.4
_EARLIEST_S, _LATEST_S = 0.0, 0.4
_SILENCE_S = 0.06
"""Between a cut and the next answer: by it they are told apart."""
_LEVEL = 8000
_SILENT = 1e-4


@dataclass(frozen=True)
class Interruption:
    """One answer that was cut."""

    told_ms: float
    """What the session told the server of: audio_end_ms of truncate, 0 where it deleted the item."""
    sounded_ms: float
    """What is in the recording."""

    @property
    def error_ms(self) -> float:
        """How much too much the session told."""
        return self.told_ms - self.sounded_ms


@dataclass(frozen=True)
class Evening:
    """One conversation in which every answer was interrupted."""

    interruptions: list[Interruption]
    unreadable: list[str]
    """Why others could not be judged: their sound was lost or damaged on the way to the recording."""


async def interruptions(card: SoundCard, backend: str, wire_rate_hz: int, count: int, *, seed: int = 1) -> Evening:
    """Hold a conversation in which every answer is interrupted, on the virtual card; nothing in it is simulated."""
    dice = np.random.default_rng(seed)
    answers = [noise(wire_rate_hz, dice) for _ in range(count)]
    told: list[dict[str, object]] = []
    over = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.send("session.created", session={"id": "session_1", "model": "script"})
        for number, answer in enumerate(answers):
            told.append(await _say_and_interrupt(peer, number, answer, wire_rate_hz, dice))
            await asyncio.sleep(_SILENCE_S)
        over.set()

    environment = {**card.environment, **_KEYS}
    async with ScriptedServer(script) as server:
        arguments = ("--provider", PROVIDERS[wire_rate_hz], "--url", server.url, "--backend", backend)
        command = (sys.executable, "-m", "tests.support.voice_at_rate", str(card.rate_hz))
        with (
            card.record_speaker() as recording,
            VoiceProcess(*arguments, environment=environment, folder=_ROOT, command=command) as voice,
        ):
            async with asyncio.timeout(60 + count):
                await over.wait()
            await asyncio.to_thread(recording.wait_for, recording.seconds + 0.3)
            assert await asyncio.to_thread(voice.interrupt) == 0
            heard = recording.samples()
    assert "Degraded" not in voice.shown
    assert f"{card.rate_hz} Hz" in voice.shown
    return _compare(heard, answers, told, wire_rate_hz, card.rate_hz)


async def _say_and_interrupt(
    peer: Peer, number: int, answer: NDArray[np.int16], wire_rate_hz: int, dice: np.random.Generator
) -> dict[str, object]:
    """Speak, and be interrupted after a random time: every other answer has been generated whole by then."""
    response, item, generated = f"resp_{number}", f"item_{number}", number % 2 == 0
    await peer.begin_response(response)
    step = round(_DELTA_S * wire_rate_hz)
    for at in range(0, answer.size, step):
        await peer.audio(response, item, answer[at : at + step].tobytes())
    if generated:
        await peer.end_audio(response, item)
        await peer.end_response(response)
    await asyncio.sleep(dice.uniform(_EARLIEST_S, _LATEST_S))
    await peer.send("input_audio_buffer.speech_started", item_id=f"user_{number}", audio_start_ms=0)
    event = await peer.expect("conversation.item.truncate", "conversation.item.delete")
    assert event["item_id"] == item
    if not generated:
        await peer.end_response(response, "cancelled")
    await peer.send("input_audio_buffer.speech_stopped", item_id=f"user_{number}", audio_end_ms=0)
    return event


def _compare(
    heard: Signal, answers: list[NDArray[np.int16]], told: list[dict[str, object]], wire_rate_hz: int, rate_hz: int
) -> Evening:
    found: list[Interruption] = []
    unreadable: list[str] = []
    sounds = _stretches(heard, rate_hz)
    cut = sum(event["type"] == "conversation.item.truncate" for event in told)
    if len(sounds) != cut:
        return Evening([], [f"{len(sounds)} sounds were recorded of {cut} answers that were cut"])
    stretches = iter(sounds)
    for answer, event in zip(answers, told, strict=True):
        if event["type"] == "conversation.item.delete":
            found.append(Interruption(0.0, 0.0))
            continue
        reference = np.asarray(soxr.resample(answer.astype(np.float32) / 32768, wire_rate_hz, rate_hz, "VHQ"))
        try:
            sounded_ms = 1000 * end_in(reference, next(stretches), rate_hz) / rate_hz
        except UnlikeError as error:
            unreadable.append(str(error))
        else:
            found.append(Interruption(float(str(event["audio_end_ms"])), sounded_ms))
    return Evening(found, unreadable)


def noise(rate_hz: int, dice: np.random.Generator) -> NDArray[np.int16]:
    """Noise up to some 4 kHz, loud from the first sample to the last."""
    noise = np.convolve(dice.standard_normal(round(_ANSWER_S * rate_hz)), np.ones(rate_hz // 8000), "same")
    return np.asarray(np.clip(noise / noise.std() * _LEVEL / 2, -_LEVEL, _LEVEL).astype(np.int16))


def _stretches(heard: Signal, rate_hz: int) -> list[Signal]:
    """What sounds, apart from each other by silence."""
    loud = np.flatnonzero(np.abs(heard) > _SILENT)
    breaks = np.flatnonzero(np.diff(loud) > _SILENCE_S / 2 * rate_hz)
    begins = loud[np.concatenate([[0], breaks + 1])] if loud.size else loud
    ends = loud[np.concatenate([breaks, [-1]])] if loud.size else loud
    return [heard[begin : end + 1] for begin, end in zip(begins, ends, strict=True)]
