"""The session against a real WebSocket, on a clock of the test's own: what is played, cut, called and sent."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.dsp.pcm16 import pcm16_to_float32
from engine.dsp.resample import make_resampler
from engine.realtime.conversation.actions import ToolCall
from engine.realtime.session_events import (
    AgentText,
    BargeIn,
    ErrorShown,
    FirstAudio,
    ResponseEnded,
    ResponseStarted,
    SessionEvent,
    SessionStarted,
    Summary,
    ToolCalled,
    ToolReturned,
    UserSpeech,
    UserTranscript,
)
from engine.realtime.tools.runner import ToolRunner
from engine.realtime.tools.tool import tool_of
from tests.realtime.rig import rig
from tests.support.scripted_server import Peer

WIRE_HZ = 24000


def noise(seconds: float, seed: int = 1) -> NDArray[np.int16]:
    """Band-limited noise at the wire's rate: every stretch of it is unlike every other."""
    rng = np.random.default_rng(seed)
    samples = np.convolve(rng.standard_normal(round(seconds * WIRE_HZ)), np.ones(8) / 8, "same")
    return (samples / np.abs(samples).max() * 12000).astype(np.int16)


def at_48_khz(samples: NDArray[np.int16]) -> NDArray[np.float32]:
    """What the speaker must play: the engine's own resampler, in one piece."""
    return make_resampler(WIRE_HZ, 48000).process(pcm16_to_float32(samples)).copy()


def offset_of(heard: NDArray[np.float32], reference: NDArray[np.float32]) -> int:
    """Where the first half second of the reference begins in what was heard."""
    head = reference[:24000]
    size = 1 << (heard.size + head.size).bit_length()
    spectrum = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(head, size))
    return int(np.argmax(np.fft.irfft(spectrum, size)[: heard.size]))


async def test_a_five_minute_answer_delivered_at_once_plays_whole() -> None:
    said = noise(300.0)

    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.begin_response("r1")
        for start in range(0, said.size, 12000):
            await peer.audio("r1", "i1", said[start : start + 12000].tobytes())
        await peer.end_audio("r1", "i1")
        await peer.end_response("r1")

    async with rig(script) as it:
        await it.until_event(ResponseEnded)
        await it.stream.run(301.0)
        await it.until(lambda: it.session.at_rest)
        summary = await it.end()

    reference = at_48_khz(said)
    start = offset_of(it.stream.heard, reference)
    played = it.stream.heard[start : start + reference.size]
    assert played.size == reference.size
    assert np.max(np.abs(played - reference)) < 2e-3
    assert summary.xruns == 0
    assert not it.of(ErrorShown)


async def test_barge_in_silences_at_once_truncates_what_was_heard_and_plays_no_late_delta() -> None:
    interrupt = asyncio.Event()
    truncated: list[dict[str, Any]] = []
    said = noise(10.0)

    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.begin_response("r1")
        await peer.audio("r1", "i1", said.tobytes(), content_index=1)
        await interrupt.wait()
        await peer.send("input_audio_buffer.speech_started", item_id="u1", audio_start_ms=2000)
        await peer.audio("r1", "i1", noise(1.0, seed=2).tobytes(), content_index=1)
        await peer.end_audio("r1", "i1", content_index=1)
        await peer.end_response("r1", "cancelled")
        truncated.append(await peer.expect("conversation.item.truncate"))
        await peer.send("input_audio_buffer.speech_stopped", item_id="u1", audio_end_ms=3000)
        await peer.answer("r2", "i2", noise(0.5, seed=3).tobytes())

    async with rig(script) as it:
        await it.until_event(FirstAudio)
        await it.stream.run(2.0)
        interrupt.set()
        barge_in = await it.until_event(BargeIn)
        silent_from = it.stream.heard.size
        await it.until_event(ResponseEnded, 2)
        await it.until(lambda: it.session.at_rest)

    assert isinstance(barge_in, BargeIn)
    (truncate,) = truncated
    heard_ms = truncate["audio_end_ms"]
    assert (truncate["item_id"], truncate["content_index"]) == ("i1", 1)
    assert heard_ms == barge_in.heard_ms
    reference = at_48_khz(said)
    start = offset_of(it.stream.heard, reference)
    sounding = np.flatnonzero(np.abs(it.stream.heard[start:silent_from]) > 0)
    assert abs(1000 * (sounding[-1] + 1) / 48000 - heard_ms) <= 12
    # What follows is the second answer alone: half a second, and nothing of the first.
    second = it.stream.heard[silent_from:]
    reference_2 = at_48_khz(noise(0.5, seed=3))
    at = offset_of(second, reference_2)
    assert np.max(np.abs(second[at : at + 23000] - reference_2[:23000])) < 2e-3
    assert np.max(np.abs(second[:at]), initial=0) < 2e-3
    assert not it.peer.of_type("conversation.item.delete")
    # The provider does not end responses by itself: it is told to, once, and by name.
    assert [event["response_id"] for event in it.peer.of_type("response.cancel")] == ["r1"]


async def test_an_answer_of_which_nothing_was_heard_is_deleted() -> None:
    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.answer("r1", "i1", noise(1.0).tobytes())
        await peer.send("input_audio_buffer.speech_started", item_id="u1")

    async with rig(script) as it:
        # No time passes, and no frame is taken, until the interruption has arrived.
        await it.without_time(lambda: bool(it.of(UserSpeech)))
        await it.stream.run(0.05)
        deleted = await it.peer.expect("conversation.item.delete")
    assert deleted["item_id"] == "i1"
    assert not it.peer.of_type("conversation.item.truncate")


async def test_an_answer_that_was_heard_whole_is_left_alone() -> None:
    heard = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.answer("r1", "i1", noise(0.5).tobytes())
        await heard.wait()
        await peer.send("input_audio_buffer.speech_started", item_id="u1")
        await peer.send("conversation.item.input_audio_transcription.completed", item_id="u1", transcript="Hi")

    async with rig(script) as it:
        await it.until_event(ResponseEnded)
        await it.until(lambda: it.session.at_rest)
        heard.set()
        await it.until_event(UserTranscript)
        await it.stream.run(0.3)
    assert not it.of(BargeIn)
    assert {event["type"] for event in it.peer.received} == {"session.update", "input_audio_buffer.append"}


async def test_one_response_create_follows_the_outputs_of_all_calls_and_response_done() -> None:
    release = asyncio.Event()

    async def slow() -> str:
        """Wait."""
        await release.wait()
        return "slow"

    def quick(number: int) -> dict[str, int]:
        """Count."""
        return {"number": number}

    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.begin_response("r1")
        await peer.call("r1", "c1", "slow", "{}")
        await peer.call("r1", "c2", "quick", '{"number": 7}')
        await peer.call("r1", "c2", "quick", '{"number": 7}')
        await peer.expect("conversation.item.create")
        await peer.end_response("r1")
        release.set()
        await peer.expect("response.create")
        await peer.answer("r2", "i2", noise(0.2).tobytes())

    async with rig(script, tools=[tool_of(slow), tool_of(quick)]) as it:
        await it.until_event(ResponseEnded, 2)
        await it.until(lambda: it.session.at_rest)
    sent = [event for event in it.peer.received if event["type"] != "input_audio_buffer.append"][1:]
    assert [event["type"] for event in sent] == ["conversation.item.create"] * 2 + ["response.create"]
    assert [event["item"]["call_id"] for event in sent[:2]] == ["c2", "c1"]
    assert json.loads(sent[0]["item"]["output"]) == {"number": 7}


async def test_a_tool_that_blocks_its_thread_stops_neither_audio_nor_microphone() -> None:
    release = threading.Event()

    def stuck() -> str:
        """Block."""
        release.wait(20)
        return "done"

    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.begin_response("r1")
        await peer.call("r1", "c1", "stuck", "{}")
        await peer.audio("r1", "i1", noise(1.0).tobytes())
        await peer.end_audio("r1", "i1")
        await peer.end_response("r1")

    async with rig(script, tools=[tool_of(stuck)]) as it:
        try:
            await it.until_event(ResponseEnded)
            blocks = len(it.peer.of_type("input_audio_buffer.append"))
            await it.stream.run(1.2)
            assert not it.of(ToolReturned)
            reference = at_48_khz(noise(1.0))
            start = offset_of(it.stream.heard, reference)
            assert np.max(np.abs(it.stream.heard[start : start + 47000] - reference[:47000])) < 2e-3
            await it.until(lambda: len(it.peer.of_type("input_audio_buffer.append")) >= blocks + 50)
        finally:
            release.set()
        await it.until_event(ToolReturned)


async def test_everything_is_shown_in_order_and_the_summary_comes_last() -> None:
    async def script(peer: Peer) -> None:
        await peer.send("session.created", session={"id": "sess_1", "model": "m"})
        await peer.expect("session.update")
        await peer.send("session.updated", session={"id": "sess_1", "audio": {"output": {"format": {"rate": None}}}})
        await peer.send("input_audio_buffer.speech_started", item_id="u1")
        await peer.send("input_audio_buffer.speech_stopped", item_id="u1", audio_end_ms=400)
        await peer.send("conversation.item.input_audio_transcription.completed", item_id="u1", transcript="Hello")
        await peer.begin_response("r1")
        place = {"response_id": "r1", "item_id": "i1", "content_index": 0}
        await peer.send("response.output_audio_transcript.delta", **place, delta="Hi")
        await peer.send("response.output_audio_transcript.done", **place, transcript="Hi")
        await peer.audio("r1", "i1", noise(0.3).tobytes())
        await peer.end_response("r1")

    async with rig(script) as it:
        await it.until_event(FirstAudio)
        await it.until(lambda: it.session.at_rest)
        summary = await it.end()
    kinds = [type(session_event) for session_event in it.session_events]
    order: list[type[SessionEvent]] = [
        SessionStarted,
        UserSpeech,
        UserTranscript,
        ResponseStarted,
        AgentText,
        ResponseEnded,
    ]
    assert [kinds.index(kind) for kind in order] == sorted(kinds.index(kind) for kind in order)
    assert kinds[-1] is Summary
    assert kinds.count(SessionStarted) == 1
    assert summary.turns == 1
    assert summary.latency["turn_ms"] is not None
    assert summary.reason == "the test is over"


async def test_an_observer_that_fails_is_dropped_and_the_others_are_told() -> None:
    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.send("session.created", session={"id": "sess_1"})

    async with rig(script) as it:
        it.session._audience._observers.insert(0, _broken)
        await it.until_event(SessionStarted)
        errors = it.of(ErrorShown)
    assert len(errors) == 1


def _broken(session_event: SessionEvent, at_s: float) -> None:
    raise BrokenPipeError("the reader is gone")


async def test_calls_of_server_tools_are_shown_and_never_answered() -> None:
    environ = {"YANDEX_CLOUD_API_KEY": "AQVN-test", "YANDEX_CLOUD_FOLDER_ID": "f"}

    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.begin_response("r1")
        await peer.call("r1", "c1", "web_search", "{}")
        await peer.end_response("r1")

    async with rig(script, provider="yandex", environ=environ) as it:
        called = await it.until_event(ToolCalled)
        await it.until_event(ResponseEnded)
        await it.stream.run(0.3)
    assert isinstance(called, ToolCalled)
    assert called.server_side
    assert {event["type"] for event in it.peer.received} == {"session.update", "input_audio_buffer.append"}


async def test_a_call_of_an_unknown_tool_is_answered_with_an_error() -> None:
    result = await ToolRunner([]).run(ToolCall("c1", "nothing", "{}"))
    assert result.failed
    assert "error" in json.loads(result.output)
