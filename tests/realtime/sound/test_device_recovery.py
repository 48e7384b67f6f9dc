"""A session whose devices go and come: the conversation, the answer and its positions outlive them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.audio import session_audio
from engine.audio.port.audio_port import FADE_MS
from engine.audio.recovery import policy as recovery_policy
from engine.audio.types import Device, Direction, StreamRequest
from engine.errors import UnknownDeviceError
from engine.realtime.session_events import AnswerDropped, BargeIn, DeviceFound, DeviceLost, FirstAudio, SessionStarted
from tests.realtime.rig import Rig, rig
from tests.support.hotplug_backend import MICROPHONE, SPEAKER, HotplugBackend, hang, plug_in, prepare_devices
from tests.support.manual_backend import ManualStream
from tests.support.scripted_server import Peer

WIRE_HZ = 24000
OTHER = Device(2, "Other", "test", 0, 2, 44100)
ANSWER = (np.arange(30 * WIRE_HZ) // (WIRE_HZ // 100)).astype(np.int16)
"""30 s whose level says where in it one is: 1 for each 10 ms."""


@pytest.fixture(autouse=True)
def _devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare_devices(tmp_path, monkeypatch)


async def long_answer(peer: Peer) -> None:
    """An answer whose audio is all there, and which goes on."""
    await peer.send("session.created", session={"id": "sess_1"})
    await peer.begin_response("resp_1")
    await peer.audio("resp_1", "item_1", ANSWER.tobytes())


@asynccontextmanager
async def recovering(request: StreamRequest | None = None) -> AsyncIterator[tuple[Rig, HotplugBackend]]:
    """A session in the middle of a long answer: 3 s of it were heard."""
    backend = HotplugBackend()
    async with rig(long_answer, backend=backend, request=request) as running:
        await running.until_event(SessionStarted)
        await running.until_event(FirstAudio)
        await running.stream.run(3.0 - running.stream.heard.size / SPEAKER.native_rate_hz)
        yield running, backend


async def lost(running: Rig, attempts: int) -> None:
    """The stream ends by itself; wait until it was looked for in vain so often."""
    running.stream.active = False
    await running.without_time(lambda: len(running.of(DeviceLost)) > attempts)


async def found(running: Rig, backend: HotplugBackend) -> ManualStream:
    """Wait for another stream, which is the session's from now on."""
    before = len(running.of(DeviceFound))
    await running.without_time(lambda: len(running.of(DeviceFound)) > before)
    assert running.stream.closed
    assert backend.stream is not None
    running.stream = backend.stream
    return running.stream


def place_ms(level: np.float32) -> float:
    return 10.0 * float(level) * 32768


async def test_the_answer_goes_on_at_another_rate_and_an_interruption_is_cut_where_it_was_heard() -> None:
    async with recovering(StreamRequest(output="speaker")) as (running, backend):
        begun_ms = place_ms(running.stream.heard[-1])
        plug_in([MICROPHONE, OTHER])
        await lost(running, 1)
        (first, second) = running.of(DeviceLost)[:2]
        assert isinstance(first, DeviceLost)
        assert isinstance(second, DeviceLost)
        assert (second.waiting_for, second.attempt) == ("'Speaker, test'", 1)
        plug_in([MICROPHONE, OTHER, replace(SPEAKER, index=7, native_rate_hz=44100)])
        stream = await found(running, backend)
        await stream.run(5.0)
        heard = stream.heard
        assert place_ms(heard[44100 // 20]) == pytest.approx(begun_ms + 50, abs=21)
        assert place_ms(heard[-1]) == pytest.approx(begun_ms + 5000, abs=21)
        await running.peer.send("input_audio_buffer.speech_started", audio_start_ms=0, item_id="item_u")
        barge_in = await running.until_event(BargeIn)
        assert isinstance(barge_in, BargeIn)
        assert barge_in.heard_ms == pytest.approx(begun_ms + 5000 + FADE_MS, abs=40)
        truncate = await running.peer.expect("conversation.item.truncate")
        assert truncate["audio_end_ms"] == barge_in.heard_ms
        summary = await running.end()
    assert (summary.devices_lost, summary.dropped_answer_ms, summary.xruns) == (1, 0, 0)


async def test_a_stream_that_says_that_it_ends_is_lost_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_audio, "_TICK_S", 3600.0)
    async with recovering() as (running, backend):
        running.stream.end()
        stream = await found(running, backend)
        await stream.run(1.0)
        assert stream.heard.any()


async def test_the_microphone_is_heard_again() -> None:
    async with recovering() as (running, backend):
        await lost(running, 0)
        stream = await found(running, backend)
        sent = len(running.peer.of_type("input_audio_buffer.append"))
        await stream.run(0.5, np.full(24000, 0.5, np.float32))
        await running.until(lambda: len(running.peer.of_type("input_audio_buffer.append")) > sent + 10)


async def test_without_a_speaker_for_too_long_the_answer_is_given_up_and_the_server_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recovery_policy, "KEPT_S", 0.3)
    async with recovering() as (running, backend):
        heard_ms = place_ms(running.stream.heard[-1])
        plug_in([MICROPHONE])
        await lost(running, 1)
        await running.without_time(lambda: bool(running.of(AnswerDropped)))
        (dropped,) = running.of(AnswerDropped)
        assert isinstance(dropped, AnswerDropped)
        assert dropped.item_id == "item_1"
        assert dropped.heard_ms == pytest.approx(heard_ms, abs=21)
        assert dropped.dropped_ms == pytest.approx(30000 - heard_ms, abs=21)
        await running.peer.expect("response.cancel")
        truncate = await running.peer.expect("conversation.item.truncate")
        assert (truncate["item_id"], truncate["audio_end_ms"]) == ("item_1", dropped.heard_ms)
        # What comes of it later is not played; what is said next is.
        await running.peer.audio("resp_1", "item_1", np.full(WIRE_HZ, 9000, np.int16).tobytes())
        await running.peer.end_response("resp_1", "cancelled")
        plug_in([MICROPHONE, OTHER])
        stream = await found(running, backend)
        await running.peer.answer("resp_2", "item_2", np.full(WIRE_HZ, 500, np.int16).tobytes())
        await running.until(lambda: bool(stream.heard.any()))
        await stream.run(1.5)
        assert stream.heard.max() < 1000 / 32768
        summary = await running.end()
    assert summary.dropped_answer_ms == dropped.dropped_ms
    assert not running.of(BargeIn)


async def test_a_new_default_is_followed_in_the_middle_of_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery_policy, "POLL_DEFAULT_S", 0.1)
    async with recovering() as (running, backend):
        begun_ms = place_ms(running.stream.heard[-1])
        plug_in([MICROPHONE, replace(SPEAKER, is_default_output=False), replace(OTHER, is_default_output=True)])
        stream = await found(running, backend)
        (event,) = running.of(DeviceFound)
        assert isinstance(event, DeviceFound)
        assert (event.input, event.output, event.is_new_default) == ("Microphone", "Other", True)
        assert not running.of(DeviceLost)
        await stream.run(1.0)
        assert place_ms(stream.heard[-1]) == pytest.approx(begun_ms + 1000, abs=21)


async def test_another_speaker_goes_on_with_the_answer_and_one_that_is_not_there_changes_nothing() -> None:
    async with recovering() as (running, backend):
        begun_ms = place_ms(running.stream.heard[-1])
        plug_in([MICROPHONE, SPEAKER, OTHER])
        monitor = running.session.monitor
        with pytest.raises(UnknownDeviceError):
            monitor.use(Direction.OUTPUT, "nosuch")
        assert not running.stream.closed
        monitor.use(Direction.OUTPUT, "other")
        stream = await found(running, backend)
        assert monitor.stream.output is not None
        assert (monitor.stream.output.device, stream.heard.size) == ("Other", 0)
        assert not running.of(DeviceLost)
        await stream.run(1.0)
        assert place_ms(stream.heard[-1]) == pytest.approx(begun_ms + 1000, abs=21)


async def test_a_session_ends_in_order_while_nobody_knows_which_devices_there_are() -> None:
    async with recovering() as (running, _):
        hang()
        running.stream.active = False
        await running.without_time(lambda: bool(running.of(DeviceLost)))
        summary = await running.end()
    assert running.stream.closed
    assert summary.reason == "the test is over"
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []
