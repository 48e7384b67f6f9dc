"""Tools in a running session: the user's speech, the agent's farewell, and the end."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from engine.realtime.session_events import BargeIn, FirstAudio, ToolCalled, ToolReturned, ToolsAwaited
from engine.realtime.tools.tool import tool, tool_of
from tests.realtime.rig import rig
from tests.realtime.test_session import noise
from tests.support.scripted_server import Peer


async def test_a_call_that_the_user_interrupts_is_stopped_and_answered_in_words() -> None:
    stopped, running = asyncio.Event(), asyncio.Event()
    outputs: list[dict[str, Any]] = []

    @tool(on_interrupt="cancel")
    async def search() -> None:
        running.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.begin_response("r1")
        await peer.call("r1", "c1", "search", "{}")
        await peer.end_response("r1")
        await running.wait()
        await peer.send("input_audio_buffer.speech_started", item_id="u1", audio_start_ms=100)
        outputs.append(await peer.expect("conversation.item.create"))
        await peer.send("input_audio_buffer.speech_stopped", item_id="u1", audio_end_ms=900)
        await peer.answer("r2", "i2", noise(0.2).tobytes())

    async with rig(script, tools=[tool_of(search)]) as it:
        await it.until_event(FirstAudio)
        await it.until(lambda: it.session.at_rest)
        assert stopped.is_set()
        assert not it.peer.of_type("response.create")
    output = outputs[0]["item"]
    assert output["call_id"] == "c1"
    assert "stopped" in json.loads(output["output"])["error"]


def end_conversation() -> str:
    """End it."""
    return "Say goodbye."


ENDING = tool_of(tool(ends_conversation=True)(end_conversation))


async def test_the_session_ends_when_the_goodbye_has_been_heard() -> None:
    goodbye = noise(1.0)

    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.begin_response("r1")
        await peer.call("r1", "c1", "end_conversation", "{}")
        await peer.end_response("r1")
        await peer.expect("response.create")
        await peer.answer("r2", "i2", goodbye.tobytes())

    async with rig(script, tools=[ENDING]) as it:
        await it.until(lambda: it.stream.closed)
        summary = await it.running
    assert summary.reason == "the agent ended the conversation"
    assert len(it.peer.of_type("response.create")) == 1
    assert not it.peer.of_type("conversation.item.truncate")
    sounding = (abs(it.stream.heard) > 0).sum()
    assert sounding >= 0.98 * 48000


async def test_a_user_who_goes_on_keeps_the_session() -> None:
    interrupt = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.begin_response("r1")
        await peer.call("r1", "c1", "end_conversation", "{}")
        await peer.end_response("r1")
        await peer.expect("response.create")
        await peer.answer("r2", "i2", noise(3.0).tobytes())
        await interrupt.wait()
        await peer.send("input_audio_buffer.speech_started", item_id="u1", audio_start_ms=100)
        await peer.send("input_audio_buffer.speech_stopped", item_id="u1", audio_end_ms=900)
        await peer.answer("r3", "i3", noise(0.2).tobytes())

    async with rig(script, tools=[ENDING]) as it:
        await it.until_event(FirstAudio)
        interrupt.set()
        await it.until_event(BargeIn)
        await it.until_event(FirstAudio, 2)
        await it.until(lambda: it.session.at_rest)
        await it.stream.run(1.0)
        assert not it.running.done()


async def test_the_end_waits_for_a_shielded_tool_until_the_person_is_in_a_hurry() -> None:
    started, paid = asyncio.Event(), asyncio.Event()
    left: list[str] = []

    @tool(on_interrupt="shield")
    async def pay() -> None:
        started.set()
        try:
            await paid.wait()
        finally:
            left.append("paid" if paid.is_set() else "left")

    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.begin_response("r1")
        await peer.call("r1", "c1", "pay", "{}")

    for hurried in (False, True):
        started.clear()
        paid.clear()
        async with rig(script, tools=[tool_of(pay)]) as it:
            await it.until(started.is_set)
            it.session.stop()
            await it.without_time(lambda: bool(it.of(ToolsAwaited)))
            assert it.of(ToolsAwaited) == [ToolsAwaited(["pay"])]
            assert not it.running.done()
            if hurried:
                it.runner.hurry()
            else:
                paid.set()
            await it.running
        assert left.pop() == ("left" if hurried else "paid")


async def test_several_calls_at_once_and_a_call_that_comes_twice() -> None:
    together = asyncio.Barrier(2)

    async def meet() -> str:
        await together.wait()
        return "met"

    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.begin_response("r1")
        for call_id in ("c1", "c2", "c1"):
            await peer.call("r1", call_id, "meet", "{}")
        await peer.end_response("r1")
        await peer.expect("response.create")
        await peer.answer("r2", "i2", noise(0.1).tobytes())

    async with rig(script, tools=[tool_of(meet)]) as it:
        await it.until_event(FirstAudio)
    assert len(it.of(ToolCalled)) == len(it.of(ToolReturned)) == 2
    items = [event["item"] for event in it.peer.of_type("conversation.item.create")]
    assert sorted(item["call_id"] for item in items) == ["c1", "c2"]
    assert len(it.peer.of_type("response.create")) == 1
