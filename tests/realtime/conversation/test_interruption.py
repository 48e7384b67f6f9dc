"""What a server is told of an interruption, and what it is not: whole sessions in virtual time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from engine.realtime.session_events import BargeIn
from engine.realtime.testing import Peer
from tests.realtime.virtual_rig import Held, hold, tone

SPEECH = "input_audio_buffer.speech_started"


async def sound(peer: Peer, response_id: str, item_id: str, seconds: float, part: int = 0) -> None:
    """Some audio of an item, and its end."""
    await peer.send_audio(response_id, item_id, tone(seconds), content_index=part)
    place = {"response_id": response_id, "item_id": item_id, "content_index": part}
    await peer.send("response.output_audio.done", **place)


async def begin(peer: Peer, response_id: str) -> None:
    """Announce a response."""
    await peer.send("response.created", response={"id": response_id})


async def end(peer: Peer, response_id: str) -> None:
    """End it."""
    await peer.send("response.done", response={"id": response_id, "status": "completed"})


def told(held: Held) -> list[dict[str, Any]]:
    """What the server was sent after the settings, without the names of the events."""
    received = [event for event in held.peers[0].received if event["type"] != "session.update"]
    return [{name: value for name, value in event.items() if name != "event_id"} for event in received]


@pytest.mark.parametrize("provider", ["custom", "openai"])
@pytest.mark.parametrize("done", [False, True], ids=["running", "done"])
def test_a_running_answer_is_cancelled_where_the_server_does_not_and_both_are_truncated(
    provider: str, done: bool
) -> None:
    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        await begin(peer, "r1")
        await sound(peer, "r1", "i1", 9.0, part=1)
        if done:
            await end(peer, "r1")
        await asyncio.sleep(3.0)
        await peer.send(SPEECH)

    held = hold(script, provider=provider, duration_s=6, ignoring=["response.cancel", "conversation.item.truncate"])
    (barge_in,) = held.of(BargeIn)
    truncate = {"item_id": "i1", "content_index": 1, "audio_end_ms": barge_in.heard_ms}
    cancel = {"type": "response.cancel", "response_id": "r1"}
    expected = [] if done or provider == "openai" else [cancel]
    # Nothing else: to clear the input buffer would delete what the user says.
    assert told(held) == [*expected, {"type": "conversation.item.truncate", **truncate}]
    assert 2800 <= barge_in.heard_ms <= 3020


def test_an_item_that_was_heard_before_is_left_alone_and_the_next_counts_from_its_own_start() -> None:
    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        for number in (1, 2):
            await begin(peer, f"r{number}")
            await sound(peer, f"r{number}", f"i{number}", 2.0)
            await end(peer, f"r{number}")
        await asyncio.sleep(3.0)
        await peer.send(SPEECH)

    held = hold(script, duration_s=6, ignoring=["conversation.item.truncate"])
    (truncate,) = told(held)
    assert truncate["item_id"] == "i2"
    assert 800 <= truncate["audio_end_ms"] <= 1020


def test_a_written_answer_is_cancelled_and_not_truncated() -> None:
    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        await begin(peer, "r1")
        await peer.send("response.output_text.delta", response_id="r1", item_id="i1", content_index=0, delta="Once")
        await asyncio.sleep(1.0)
        await peer.send(SPEECH)

    held = hold(script, duration_s=4, ignoring=["response.cancel"])
    assert told(held) == [{"type": "response.cancel", "response_id": "r1"}]
    assert not held.of(BargeIn)


def test_two_interruptions_cut_each_item_once() -> None:
    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        for number in (1, 2):
            await begin(peer, f"r{number}")
            await sound(peer, f"r{number}", f"i{number}", 5.0)
            await end(peer, f"r{number}")
            await asyncio.sleep(2.0)
            await peer.send(SPEECH)
            await peer.send(SPEECH)
            await asyncio.sleep(0.5)
            await peer.send("input_audio_buffer.speech_stopped")

    held = hold(script, duration_s=8, ignoring=["conversation.item.truncate"])
    assert [event["item_id"] for event in told(held)] == ["i1", "i2"]


def test_the_request_for_the_answer_to_a_tool_is_bare() -> None:
    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        await begin(peer, "r1")
        item = {"type": "function_call", "id": "f1", "call_id": "c1", "name": "nothing", "arguments": "{"}
        await peer.send("response.output_item.done", response_id="r1", item=item)
        await end(peer, "r1")

    held = hold(script, duration_s=4, ignoring=["conversation.item.create", "response.create"])
    answer, request = told(held)
    assert answer["item"]["call_id"] == "c1"
    assert request == {"type": "response.create"}
