"""An answer that plays on when its connection is gone: interrupted then, it is cut in what the new server was told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from engine.audio.playback.segments import Cut, Heard
from engine.errors import ConnectionFailedError
from engine.realtime.protocol import server_events as e
from engine.realtime.protocol.client_events import CreateItem, DeleteItem
from engine.realtime.session import RealtimeSession
from engine.realtime.session_events import BargeIn, ErrorShown
from engine.realtime.testing import Answer, Close, Emit, Expect, Peer, Step, VirtualDevices, Wait
from tests.realtime.connection.outage_scripts import QUIET, agent, opened, resumed, spoken, user
from tests.realtime.conversation.test_machine import KEY, audio, new, run, sent, shown
from tests.realtime.virtual_rig import hold, tone

WORDS = " ".join(f"word{number}" for number in range(80))
"""Ten in each of eight seconds."""
ANSWER = Answer("r1", "i1", tone(8.0), WORDS)
INTERRUPTS = Emit("input_audio_buffer.speech_started", item_id="u2", audio_start_ms=0)


def told(peer: Peer) -> list[dict[str, Any]]:
    """What a server has of the history: the items it was told, less those it was told to delete, each in its place."""
    items: list[dict[str, Any]] = []
    for event in peer.received:
        if event["type"] == "conversation.item.create":
            places = {"": len(items)} | {item["id"]: at + 1 for at, item in enumerate(items)}
            items.insert(places[event.get("previous_item_id", "")], event["item"])
        elif event["type"] == "conversation.item.delete":
            (item,) = (item for item in items if item["id"] == event["item_id"])
            items.remove(item)
    return items


def texts(peer: Peer) -> list[str]:
    """The words of these items."""
    return [item["content"][0]["text"] for item in told(peer)]


def is_cut_at(text: str, heard_ms: int, of_s: float = 8.0) -> bool:
    """Whether it is the beginning of the answer, as far as it was heard."""
    return WORDS.startswith(text) and len(text.split()) == pytest.approx(80 * heard_ms / 1000 / of_s, abs=2)


@pytest.mark.parametrize("before", [[], spoken("Tell me.", "u1")])
def test_interrupted_after_a_reconnect_its_item_is_replaced_in_its_place(before: list[Step]) -> None:
    history = [user("Tell me.")] if before else []
    corrected = [Expect("conversation.item.create"), Expect("conversation.item.delete")]
    held = hold(
        [*opened("first"), *before, ANSWER, Wait(1.0), Close(1006)],
        [*resumed(*history, agent(WORDS)), Wait(1.0), INTERRUPTS, *corrected, Wait(1.0)],
        duration_s=8,
    )
    assert held.error is None
    (barge_in,) = held.of(BargeIn)
    *earlier, cut = texts(held.peers[1])
    assert earlier == (["Tell me."] if before else [])
    assert is_cut_at(cut, barge_in.heard_ms)
    assert len({item["id"] for item in told(held.peers[1])}) == len(history) + 1
    created = held.peers[1].of_type("conversation.item.create")
    assert created[-1]["previous_item_id"] == created[-2]["item"]["id"]


def test_interrupted_after_a_rotation_it_is_the_same() -> None:
    held = hold(
        [*opened("first"), Wait(85.0), Answer("r1", "i1", tone(16.0), WORDS)],
        [
            *resumed(agent(WORDS)),
            Wait(1.0),
            INTERRUPTS,
            Expect("conversation.item.create"),
            Expect("conversation.item.delete"),
            Wait(1.0),
        ],
        duration_s=105,
        session_limit_s=100.0,
    )
    (barge_in,) = held.of(BargeIn)
    assert held.summary.rotations == 1
    (cut,) = texts(held.peers[1])
    assert is_cut_at(cut, barge_in.heard_ms, of_s=16.0)


def test_of_what_was_not_begun_the_item_is_deleted_only() -> None:
    async def second(peer: Peer) -> None:
        await peer.expect("session.update", QUIET)
        await peer.expect("conversation.item.create")
        await peer.expect("conversation.item.create")
        await peer.expect("session.update")
        await asyncio.sleep(1.0)
        await peer.send("input_audio_buffer.speech_started", item_id="u2", audio_start_ms=0)
        await peer.expect("conversation.item.create")
        await peer.expect("conversation.item.delete")
        await peer.expect("conversation.item.delete")
        await asyncio.sleep(1.0)
        assert not peer.unread

    held = hold(
        [*opened("first"), ANSWER, Answer("r2", "i2", tone(2.0), "One more thing."), Wait(1.0), Close(1006)],
        second,
        duration_s=8,
    )
    (cut,) = texts(held.peers[1])
    assert is_cut_at(cut, held.of(BargeIn)[0].heard_ms)


def test_heard_to_its_end_nothing_is_told_of_it() -> None:
    held = hold(
        [*opened("first"), Answer("r1", "i1", tone(1.5), "All of it."), Wait(1.0), Close(1006)],
        [*resumed(agent("All of it.")), Wait(2.0), INTERRUPTS, Wait(1.0)],
        duration_s=6,
    )
    assert not held.of(BargeIn)
    assert texts(held.peers[1]) == ["All of it."]


def test_interrupted_in_the_outage_the_new_server_is_told_only_what_was_heard() -> None:
    async def drive(session: RealtimeSession, _: VirtualDevices) -> None:
        await asyncio.sleep(2.0)
        session.type_text("Stop.")

    held = hold(
        [*opened("first"), ANSWER, Wait(1.0), Close(1006)],
        *[ConnectionFailedError("No.")] * 3,
        [*resumed({"role": "assistant"}, user("Stop.")), Expect("response.create"), Wait(1.0)],
        duration_s=10,
        drive=drive,
    )
    cut, _ = texts(held.peers[1])
    assert is_cut_at(cut, held.of(BargeIn)[0].heard_ms)


def test_a_service_that_was_told_a_recap_is_told_another_in_its_place() -> None:
    async def second(peer: Peer) -> None:
        await peer.expect("session.update", QUIET)
        recap = await peer.expect("conversation.item.create")
        await peer.expect("session.update")
        await asyncio.sleep(1.0)
        await peer.send("input_audio_buffer.speech_started", item_id="u2", audio_start_ms=0)
        told_id = recap["item"]["id"]
        await peer.expect("conversation.item.create", {"previous_item_id": told_id, "item": {"role": "user"}})
        await peer.expect("conversation.item.delete", {"item_id": told_id})
        await asyncio.sleep(0.5)
        assert not peer.unread

    held = hold(
        [*opened("first"), *spoken("Tell me.", "u1"), ANSWER, Wait(1.0), Close(1006)],
        second,
        duration_s=8,
        provider="yandex",
    )
    (recap,) = texts(held.peers[1])
    _, said, heard = recap.rsplit("\n", 2)
    assert said == "User: Tell me."
    # The double speaks at 24 kHz, and this service at 44.1.
    assert is_cut_at(heard.removeprefix("You: "), held.of(BargeIn)[0].heard_ms, of_s=8.0 * 24 / 44.1)


def test_an_item_is_replaced_once_for_all_its_parts_and_a_refusal_is_of_no_interest() -> None:
    conversation = new()
    run(conversation, e.ResponseCreated("r1"), audio(), e.TextDelta("r1", KEY.item_id, 0, "One two three four"))
    conversation.disconnected()
    _, described, _ = sent(conversation.reconnected({"audio": {"input": {"turn_detection": {"type": "server_vad"}}}}))
    assert isinstance(described, CreateItem)
    run(conversation, e.SpeechStarted("u1"))
    cut = Cut((Heard(KEY, 500, 1000, complete=True),), 8.0)
    create, delete = sent(conversation.playback_cut(cut))
    assert isinstance(delete, DeleteItem)
    assert delete.item_id == described.item["id"]
    assert isinstance(create, CreateItem)
    assert create.item["content"][0]["text"] == "One two"
    assert create.item["id"] != described.item["id"]
    assert not sent(conversation.playback_cut(cut))
    for event in (delete, create):
        refusal = e.ErrorEvent(e.ServerError("no", code="item_not_found", event_id=event.event_id))
        assert not [
            session_event
            for session_event in shown(conversation.handle(refusal))
            if isinstance(session_event, ErrorShown)
        ]


def test_the_next_server_but_one_is_told_what_is_left_and_corrected_for_itself() -> None:
    conversation = new()
    run(conversation, e.ResponseCreated("r1"), audio(), e.TextDelta("r1", KEY.item_id, 0, "One two three four"))
    ids = []
    for _ in range(2):
        conversation.disconnected()
        (item,) = (event.item for event in sent(conversation.reconnected({})) if isinstance(event, CreateItem))
        ids.append(item["id"])
    run(conversation, e.SpeechStarted("u1"))
    (delete,) = sent(conversation.playback_cut(Cut((Heard(KEY, 0, 1000, complete=True),), 8.0)))
    assert isinstance(delete, DeleteItem)
    assert delete.item_id == ids[1] != ids[0]
    conversation.disconnected()
    assert not [event for event in sent(conversation.reconnected({})) if isinstance(event, CreateItem)]
