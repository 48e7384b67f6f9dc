"""What a turn by key and the calls of tools come to when the connection is lost in the middle of them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import numpy as np
import pytest

from engine.config_tables import TurnMode, TurnOptions
from engine.errors import ConnectionFailedError
from engine.realtime.providers.session_update import SessionSettings
from engine.realtime.session import RealtimeSession
from engine.realtime.session_events import ErrorShown, FirstAudio
from engine.realtime.testing import Answer, Close, Emit, Expect, Peer, Step, VirtualDevices, Wait
from engine.realtime.tools.tool import tool_of
from tests.realtime.connection.outage_scripts import QUIET, opened, resumed, spoken, user
from tests.realtime.virtual_rig import WIRE_HZ, hold, tone


def call(call_id: str, name: str) -> Step:
    """A finished function call."""
    item = {"type": "function_call", "id": f"item_{call_id}", "call_id": call_id, "name": name, "arguments": '{"n": 7}'}
    return Emit("response.output_item.done", response_id="r1", item=item)


def calling(*calls: Step) -> list[Step]:
    """A response of calls."""
    done = Emit("response.done", response={"id": "r1", "status": "completed"})
    return [Emit("response.created", response={"id": "r1"}), *calls, done]


async def slow(n: int) -> dict[str, int]:
    """Work for two seconds."""
    await asyncio.sleep(2.0)
    return {"n": n}


CALL = {"type": "function_call", "call_id": "c1", "name": "slow", "arguments": json.dumps({"n": 7})}
OUTPUT = {"type": "function_call_output", "call_id": "c1", "output": json.dumps({"n": 7})}


def test_a_tool_that_returns_during_the_outage_is_told_with_its_call_and_answered() -> None:
    hold(
        [*opened("first"), *spoken("Do it", "u1"), *calling(call("c1", "slow")), Wait(1.0), Close(1006)],
        *[ConnectionFailedError("No.")] * 2,
        [*resumed(user("Do it"), CALL, OUTPUT), Expect("response.create"), Answer("r2", "i2", tone(0.1), "Done.")],
        duration_s=10,
        tools=[tool_of(slow)],
    )


def test_a_tool_that_returns_after_the_outage_is_told_with_its_call_and_answered() -> None:
    hold(
        [*opened("first"), *spoken("Do it", "u1"), *calling(call("c1", "slow")), Close(1006)],
        [
            *resumed(user("Do it")),
            Expect("conversation.item.create", {"item": CALL}),
            Expect("conversation.item.create", {"item": OUTPUT}),
            Expect("response.create"),
            Answer("r2", "i2", tone(0.1), "Done."),
        ],
        duration_s=10,
        tools=[tool_of(slow)],
    )


def test_a_service_that_refuses_the_agents_words_gets_one_recap_of_the_user() -> None:
    told: list[dict[str, Any]] = []

    async def second(peer: Peer) -> None:
        await peer.expect("session.update", QUIET)
        told.append(await peer.expect("conversation.item.create"))
        await peer.expect("session.update")
        told.append(await peer.expect("conversation.item.create"))
        await peer.expect("response.create")

    hold(
        [
            *opened("first"),
            *spoken("Hello", "u1"),
            Answer("r0", "i0", tone(0.2), "Hi."),
            *calling(call("c1", "slow")),
            Wait(0.5),
            Close(1006),
        ],
        second,
        duration_s=10,
        provider="yandex",
        tools=[tool_of(slow)],
    )
    recap, late = (event["item"] for event in told)
    assert recap["role"] == late["role"] == "user"
    assert recap["content"][0]["text"].endswith("User: Hello\nYou: Hi.")
    assert late["content"][0]["text"] == 'The tool slow({"n": 7}) returned: {"n": 7}'


def test_a_turn_by_key_that_ends_in_the_outage_is_committed_after_its_words_and_then_answered() -> None:
    async def drive(session: RealtimeSession, devices: VirtualDevices) -> None:
        devices.say(np.full(48000 * 6, 0.25, np.float32))
        # The connection is back after 3.6 s at the earliest and 4.5 at the latest.
        await asyncio.sleep(2.7)
        session.talk()
        await asyncio.sleep(0.6)
        session.talk(pressed=False)

    async def second(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.expect("input_audio_buffer.commit")
        heard_before_commit.append(peer.audio_samples)
        await peer.send("input_audio_buffer.committed", item_id="u1")
        await peer.expect("response.create")
        await peer.answer("r1", "i1", tone(0.2))

    heard_before_commit: list[int] = []
    held = hold(
        [Expect("session.update"), Emit("session.created", session={"id": "first"}), Wait(1.0), Close(1006)],
        *[ConnectionFailedError("No.")] * 2,
        second,
        duration_s=10,
        settings=SessionSettings(turns=TurnOptions(mode=TurnMode.NONE)),
        drive=drive,
    )
    assert heard_before_commit[0] == pytest.approx(0.6 * WIRE_HZ, abs=0.05 * WIRE_HZ)
    assert len(held.of(FirstAudio)) == 1


def test_a_turn_by_key_of_which_nothing_is_fresh_is_not_answered_and_the_person_told_so() -> None:
    async def drive(session: RealtimeSession, devices: VirtualDevices) -> None:
        await asyncio.sleep(1.1)
        session.talk()
        await asyncio.sleep(0.5)
        session.talk(pressed=False)

    async def second(peer: Peer) -> None:
        await peer.expect("session.update")
        commit = await peer.expect("input_audio_buffer.commit")
        error = {"code": "input_audio_buffer_commit_empty", "message": "Empty.", "event_id": commit["event_id"]}
        await peer.send("error", error=error)
        await asyncio.sleep(1.0)
        assert not peer.unread

    held = hold(
        [Expect("session.update"), Emit("session.created", session={"id": "first"}), Wait(1.0), Close(1006)],
        *[ConnectionFailedError("No.")] * 3,
        second,
        duration_s=10,
        settings=SessionSettings(turns=TurnOptions(mode=TurnMode.NONE)),
        drive=drive,
    )
    assert held.error is None
    assert [session_event.code for session_event in held.of(ErrorShown)] == ["turn_lost"]


@pytest.mark.parametrize("words", ["", "Do it"])
def test_a_spoken_turn_whose_words_never_came_is_told_as_lost_and_one_whose_words_are_known_is_answered(
    words: str,
) -> None:
    turn = spoken("Do it", "u1")
    answered = [*resumed(user("Do it")), Expect("response.create"), Answer("r2", "i2", tone(0.1), "Done.")]
    held = hold(
        [*opened("first"), *(turn if words else turn[:-1]), Close(1006)],
        answered if words else resumed(),
        duration_s=5,
    )
    assert held.error is None
    assert [session_event.code for session_event in held.of(ErrorShown)] == ([] if words else ["turn_lost"])
