"""Events that a server sends twice are acted on once, and only those."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from engine.realtime.notices import AgentText, AgentTextDelta, ErrorShown
from engine.realtime.repeats import Repeats
from engine.realtime.testing import Emit, Expect, Peer, Step, Wait
from tests.realtime.outage_scripts import opened
from tests.realtime.virtual_rig import hold, tone


def test_an_event_is_repeated_where_its_id_and_its_words_are() -> None:
    repeats = Repeats()
    assert not repeats.has("event_1", "hello")
    assert not repeats.has("event_2", "hello")
    assert repeats.has("event_1", "hello")
    assert repeats.has("event_1", "hello")


def test_without_an_id_nothing_is_a_repetition() -> None:
    repeats = Repeats()
    assert not any(repeats.has("", "no, ") for _ in range(3))


def test_ids_that_are_no_ids_are_believed_no_more() -> None:
    repeats = Repeats()
    assert not repeats.has("event", "hello")
    assert not repeats.has("event", "there")
    # "No, no, no": the same delta three times, and each is meant.
    assert not any(repeats.has("event", "no, ") for _ in range(3))
    assert not any(repeats.has("event_2", "no, ") for _ in range(3))


def test_the_oldest_are_forgotten() -> None:
    repeats = Repeats()
    for number in range(10_000):
        assert not repeats.has(f"event_{number}", "hello")
    assert repeats.has("event_9990", "hello")
    assert not repeats.has("event_1", "hello")
    assert len(repeats._texts) < 1000


@pytest.mark.parametrize("behind", [0, 5])
def test_an_answer_whose_events_come_twice_sounds_once(behind: int) -> None:
    async def twice(peer: Peer) -> None:
        await peer.expect("session.update")
        send_once, late = peer.send_text, list[str]()

        def send(text: str) -> None:
            send_once(text)
            late.append(text)
            if len(late) > behind:
                send_once(late.pop(0))

        peer.send_text = send  # type: ignore[method-assign]
        await peer.send("session.created", session={"id": "sess_1"})
        await peer.answer("r1", "i1", tone(2.0), "Once.")
        await asyncio.sleep(60)

    held = hold(twice, duration_s=8)
    sounding = np.flatnonzero(held.devices.heard)
    assert sounding[-1] - sounding[0] == pytest.approx(2.0 * 48000, abs=500)
    assert [notice.text for notice in held.of(AgentTextDelta)] == ["Once."]
    assert [notice.text for notice in held.of(AgentText)] == ["Once."]


def test_a_server_with_one_id_for_everything_is_heard_whole() -> None:
    steps = [Emit("response.output_text.delta", event_id="e", response_id="r1", item_id="i1", delta="no ")] * 3
    created = Emit("response.created", event_id="e", response={"id": "r1"})
    held = hold([*opened("first"), created, *steps, Wait(3.0)], duration_s=4)
    assert [notice.text for notice in held.of(AgentTextDelta)] == ["no "] * 3


def test_an_id_of_another_connection_is_another_event() -> None:
    created = Emit("session.created", session={"id": "sess"}, event_id="event_1")
    error = Emit("error", event_id="event_2", error={"message": "Odd.", "code": "odd"})
    broken = Emit("error", event_id="event_3", error={"code": "session_expired", "message": "Over."})
    first: list[Step] = [Expect("session.update"), created, error, Wait(1.0), broken]
    held = hold(first, [Expect("session.update"), Expect("session.update"), created, error, Wait(3.0)], duration_s=6)
    assert [notice.code for notice in held.of(ErrorShown)] == ["odd", "odd"]


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
