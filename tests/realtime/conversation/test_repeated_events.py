"""A server that says things twice: the session goes on, tools run once, texts are shown once, sound is played twice."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import numpy as np
import pytest

from engine.realtime.conversation.history import History
from engine.realtime.session_events import (
    AgentText,
    AgentTextDelta,
    ErrorShown,
    FirstAudio,
    ResponseEnded,
    ResponseUsage,
    ToolCalled,
    ToolReturned,
    UserTranscript,
)
from engine.realtime.testing import Emit, Peer, Wait
from engine.realtime.tools.tool import tool_of
from tests.realtime.connection.outage_scripts import SAID, opened
from tests.realtime.virtual_rig import hold, tone


def test_a_session_whose_events_all_come_twice_goes_on() -> None:
    calls: list[str] = []

    def look() -> str:
        """Look."""
        calls.append("look")
        return "noon"

    async def twice(peer: Peer) -> None:
        await peer.expect("session.update")
        send_once = peer.send_text

        def send_twice(text: str) -> None:
            send_once(text)
            send_once(text)

        peer.send_text = send_twice  # type: ignore[method-assign]
        await peer.send("session.created", session={"id": "sess_1"})
        await peer.send("input_audio_buffer.speech_started", item_id="u1", audio_start_ms=0)
        await peer.send("input_audio_buffer.speech_stopped", item_id="u1", audio_end_ms=500)
        await peer.send(SAID, item_id="u1", content_index=0, transcript="How late is it?")
        await peer.send("response.created", response={"id": "r1"})
        call = {"id": "i1", "type": "function_call", "call_id": "c1", "name": "look", "arguments": "{}"}
        await peer.send("response.output_item.done", response_id="r1", item=call)
        await peer.send("response.done", response={"id": "r1", "status": "completed"})
        output = await peer.expect("conversation.item.create")
        assert output["item"]["output"] == "noon"
        await peer.expect("response.create")
        await peer.answer("r2", "i2", tone(0.5), "It is noon.")
        await asyncio.sleep(3)
        assert not peer.unread

    held = hold(twice, duration_s=8, tools=[tool_of(look)])
    assert held.error is None
    assert not held.of(ErrorShown)
    assert calls == ["look"]
    assert len(held.of(ToolCalled)) == 1
    assert [event.text for event in held.of(UserTranscript)] == ["How late is it?"]
    assert [event.text for event in held.of(AgentText)] == ["It is noon."]
    assert [event.response_id for event in held.of(ResponseEnded)] == ["r1", "r2"]
    # Each delta sounds as often as it comes: nothing tells one that is repeated from two that are alike, and some
    # servers give all events the same id.
    heard = np.trim_zeros(held.devices.heard)
    assert heard.size == pytest.approx(2 * 0.5 * held.devices.rate_hz, abs=0.01 * held.devices.rate_hz)
    deltas = heard[: round(0.9 * held.devices.rate_hz)].reshape(9, -1)
    alike = [np.corrcoef(one, other)[0, 1] > 0.95 for one, other in pairwise(deltas)]
    assert alike == [True, False] * 4


def test_a_server_with_one_id_for_everything_is_heard_whole() -> None:
    steps = [Emit("response.output_text.delta", event_id="e", response_id="r1", item_id="i1", delta="no ")] * 3
    created = Emit("response.created", event_id="e", response={"id": "r1"})
    held = hold([*opened("first"), created, *steps, Wait(3.0)], duration_s=4)
    assert [event.text for event in held.of(AgentTextDelta)] == ["no "] * 3


@pytest.mark.parametrize("announces", [True, False], ids=["announced", "by its first words"])
def test_a_server_that_uses_its_ids_again_is_heard_each_time(announces: bool) -> None:
    hours: list[str] = []

    def look() -> str:
        """Look."""
        hours.append(f"{len(hours) + 1} o'clock")
        return hours[-1]

    async def forgetful(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.send("session.created", session={"id": "sess_1"})
        for turn in (1, 2, 3):
            await peer.send("input_audio_buffer.speech_started", item_id="u", audio_start_ms=0)
            await peer.send("input_audio_buffer.speech_stopped", item_id="u", audio_end_ms=500)
            await peer.send("input_audio_buffer.committed", item_id="u")
            await peer.send(SAID, item_id="u", content_index=0, transcript=f"Question {turn}?")
            if announces:
                await peer.send("response.created", response={"id": "r"})
                call = {"id": "i", "type": "function_call", "call_id": "c", "name": "look", "arguments": "{}"}
                await peer.send("response.output_item.done", response_id="r", item=call)
                await peer.send("response.done", response={"id": "r", "status": "completed"})
                await peer.expect("conversation.item.create")
                await peer.expect("response.create")
                await peer.send("response.created", response={"id": "r"})
            delta = {"response_id": "r", "item_id": "i", "content_index": 0}
            await peer.send("response.output_audio_transcript.delta", **delta, delta=f"Answer {turn}.")
            await peer.send_audio("r", "i", tone(1.0))
            usage = {"input_tokens": 1, "output_tokens": 1}
            await peer.send("response.done", response={"id": "r", "status": "completed", "usage": usage})
            await asyncio.sleep(2)

    held = hold(forgetful, duration_s=12, tools=[tool_of(look)])
    assert held.error is None
    assert not held.of(ErrorShown)
    assert [event.text for event in held.of(UserTranscript)] == ["Question 1?", "Question 2?", "Question 3?"]
    assert [event.text for event in held.of(AgentText)] == ["Answer 1.", "Answer 2.", "Answer 3."]
    assert len(held.of(FirstAudio)) == 3
    assert len(held.of(ResponseEnded)) == (6 if announces else 3)
    assert len([event for event in held.of(ResponseUsage) if event.usage and event.usage.output_tokens]) == 3
    assert [event.output for event in held.of(ToolReturned)] == hours
    heard = np.trim_zeros(held.devices.heard)
    assert np.count_nonzero(np.abs(heard) > 0.01) == pytest.approx(3 * held.devices.rate_hz, rel=0.05)


def test_the_words_of_turns_with_one_id_are_remembered_one_by_one_and_tools_by_their_newest_call() -> None:
    history = History()
    for turn in ("1", "2"):
        history.user_spoke("u")
        history.note(UserTranscript(f"Question {turn}?", "u"))
        history.user_spoke("u")  # by a server that transcribes before it commits
        history.note(ToolCalled("look", {}, "c"))
        history.note(ToolReturned("look", turn, "c"))
    assert [entry.text for entry in history.entries] == ["Question 1?", "1", "Question 2?", "2"]


def test_a_late_and_repeated_answer_to_the_watchdog_is_not_shown() -> None:
    async def slow(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.send("session.created", session={"id": "sess_1"})
        await asyncio.sleep(11.5)
        (probe,) = peer.of_type("conversation.item.retrieve")
        error = {"code": "item_not_found", "message": "There is none.", "event_id": probe["event_id"]}
        await peer.send("rate_limits.updated", rate_limits=[])
        await peer.send("error", error=error)
        await peer.send("error", error=error)

    held = hold(slow, duration_s=14, ignoring=["conversation.item.retrieve"])
    assert not held.of(ErrorShown)
