"""A session whose speaker stands still while nobody is answered: nothing of an answer, and no device, is lost by it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from engine.audio.wake import Wake
from engine.errors import StreamLostError
from engine.realtime import quiet
from engine.realtime.notices import BargeIn, DeviceFound, DeviceLost, SessionStarted
from engine.realtime.settings import SessionSettings
from tests.realtime.rig import Rig, rig
from tests.support.followed_backend import SPEAKER, FollowedBackend, prepare_devices
from tests.support.manual_backend import ManualStream
from tests.support.scripted_server import Peer

WIRE_HZ = 24000
LEVEL = 8000
ANSWER = np.full(2 * WIRE_HZ, LEVEL, np.int16)


class RestingStream(ManualStream):
    """A stream whose speaker can stand still, and sometimes does not start again."""

    can_rest = True
    refuses: ClassVar[bool] = False

    def rest_speaker(self) -> None:
        """Take no block of the answers any more."""
        self.speaker_runs = False

    def rouse_speaker(self) -> None:
        """Take them again."""
        if self.refuses:
            raise StreamLostError("The speaker is gone.", fix="Look for another.")
        self.speaker_runs = True


class RestingBackend(FollowedBackend):
    """A backend whose streams are such."""

    make_stream = RestingStream


@pytest.fixture(autouse=True)
def _devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare_devices(tmp_path, monkeypatch)


async def script(peer: Peer) -> None:
    """A session, and nothing more."""
    await peer.send("session.created", session={"id": "sess_1"})


@asynccontextmanager
async def resting() -> AsyncIterator[tuple[Rig, RestingBackend]]:
    """A session in which nobody speaks until the speaker stands still."""
    backend = RestingBackend()
    settings = SessionSettings(speaker_rest_s=0.01)
    async with rig(script, backend=backend, settings=settings) as running:
        await running.until_notice(SessionStarted)
        await running.until(lambda: not running.stream.speaker_runs)
        yield running, backend


def sounding(stream: ManualStream) -> float:
    """Seconds of the answer that were heard."""
    return float(np.count_nonzero(stream.heard > 0.9 * LEVEL / 32768)) / SPEAKER.native_rate_hz


async def test_the_speaker_runs_when_an_answer_comes_and_rests_after_it() -> None:
    async with resting() as (running, _):
        await running.peer.answer("resp_1", "item_1", ANSWER.tobytes())
        await running.until(lambda: sounding(running.stream) > 1.99)
        await running.until(lambda: not running.stream.speaker_runs)
        summary = await running.end()
    assert (summary.devices_lost, summary.xruns, summary.dropped_answer_ms) == (0, 0, 0)
    assert not running.of(DeviceLost)


async def test_the_speaker_runs_as_soon_as_somebody_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    async with resting() as (running, _):
        monkeypatch.setattr(Wake, "_tick", lambda self: None)  # no look comes to its help
        await running.peer.send("input_audio_buffer.speech_started", audio_start_ms=0, item_id="item_u")
        await running.until(lambda: running.stream.speaker_runs)
        await running.peer.answer("resp_1", "item_1", ANSWER.tobytes())
        await running.until(lambda: sounding(running.stream) > 1.0)
        await running.peer.send("input_audio_buffer.speech_started", audio_start_ms=0, item_id="item_v")
        barge_in = await running.until_notice(BargeIn)
    assert isinstance(barge_in, BargeIn)
    assert barge_in.heard_ms == pytest.approx(1000 * sounding(running.stream), abs=20)


async def test_a_speaker_that_does_not_start_again_is_looked_for_and_the_answer_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with resting() as (running, backend):
        monkeypatch.setattr(RestingStream, "refuses", True)
        await running.peer.answer("resp_1", "item_1", ANSWER.tobytes())
        await running.without_time(lambda: bool(running.of(DeviceFound)))
        assert running.stream.closed
        assert backend.stream is not None
        running.stream = backend.stream
        await running.until(lambda: sounding(running.stream) > 1.99)
        summary = await running.end()
    assert (summary.devices_lost, summary.dropped_answer_ms) == (1, 0)


async def test_a_turn_that_nobody_answers_does_not_keep_the_speaker_awake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quiet, "UNANSWERED_S", 0.1)
    async with resting() as (running, _):
        await running.peer.send("input_audio_buffer.speech_started", audio_start_ms=0, item_id="item_u")
        await running.until(lambda: running.stream.speaker_runs)
        await running.peer.send("input_audio_buffer.speech_stopped", audio_end_ms=100, item_id="item_u")
        await running.peer.send("input_audio_buffer.committed", item_id="item_u")
        await running.until(lambda: not running.stream.speaker_runs)
        await running.peer.answer("resp_1", "item_1", ANSWER.tobytes())
        await running.until(lambda: sounding(running.stream) > 1.99)


async def test_a_session_ends_in_order_while_its_speaker_rests() -> None:
    async with resting() as (running, _):
        await running.end()
    assert running.stream.closed
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []
