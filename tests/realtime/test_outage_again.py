"""Connections that come back and break again at once: what they had taken of the microphone is heard by the next."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from engine.errors import ConnectionFailedError
from engine.realtime.notices import ErrorShown, FirstAudio, Reconnected
from engine.realtime.session import Session
from engine.realtime.settings import SessionSettings
from engine.realtime.testing import Close, Emit, Expect, GoSilent, Hear, Peer, Step, VirtualDevices, Wait
from engine.realtime.turn_detection import TurnMode, TurnOptions
from tests.realtime.outage_scripts import opened, ramp, resumed, spoken_at_s
from tests.realtime.virtual_rig import WIRE_HZ, Held, hold, tone

BY_KEY = SessionSettings(turns=TurnOptions(mode=TurnMode.NONE))
OPENED_BY_KEY: list[Step] = [Expect("session.update"), Emit("session.created", session={"id": "first"})]


def spoken(held: Held, *connections: int) -> list[float]:
    """When each block of these connections was spoken."""
    return [spoken_at_s(block) for number in connections for block in held.peers[number].audio]


def test_what_a_connection_had_taken_that_broke_at_once_is_heard_by_the_next() -> None:
    held = hold(
        [*opened("first"), Hear(1.0), Close(1006)],
        [*resumed(), Wait(0.3), Close(1006)],
        [*resumed(), Hear(4.0)],
        duration_s=12,
        max_outage_s=5.0,
        drive=ramp,
    )
    assert held.error is None
    assert [notice.dropped_audio_ms for notice in held.of(Reconnected)] == [0, 0]
    # The third heard what the first had not, without a gap; the second's is all among it.
    assert np.diff(spoken(held, 0, 2)) == pytest.approx(0.02, abs=0.0101)
    assert len(spoken(held, 1)) >= 25
    assert set(spoken(held, 1)) <= set(spoken(held, 2))


@pytest.mark.parametrize(
    "sign",
    [
        Emit("input_audio_buffer.speech_started", item_id="u1", audio_start_ms=0),
        Emit("response.created", response={"id": "r1"}),
    ],
)
def test_what_a_server_was_seen_to_hear_is_not_sent_to_the_next(sign: Step) -> None:
    held = hold(
        [*opened("first"), Hear(1.0), Close(1006)],
        [*resumed(), Hear(0.6), sign, Hear(0.2), Close(1006)],
        [*resumed(), Hear(3.0)],
        duration_s=12,
        max_outage_s=5.0,
        drive=ramp,
    )
    assert [notice.dropped_audio_ms for notice in held.of(Reconnected)] == [0, 0]
    assert np.diff(spoken(held, 0, 1, 2)) == pytest.approx(0.02, abs=0.0101)


def test_an_answer_to_a_probe_shows_that_a_server_hears() -> None:
    held = hold(
        [*opened("first"), Hear(1.0), Close(1006)],
        [*resumed(), Wait(12.0), Close(1006)],
        [*resumed(), Hear(3.0)],
        duration_s=25,
        max_outage_s=5.0,
        drive=ramp,
    )
    assert len(held.peers[1].of_type("conversation.item.retrieve")) == 1
    # 20 s are all that the ramp has.
    speech = [at_s for at_s in spoken(held, 0, 1, 2) if at_s]
    assert np.diff(speech) == pytest.approx(0.02, abs=0.0101)


@pytest.mark.parametrize("max_outage_s", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("end", [[Close(1006)], [GoSilent()]])
def test_of_what_a_broken_connection_had_taken_the_old_is_dropped_and_reported(
    end: list[Step], max_outage_s: float
) -> None:
    held = hold(
        [*opened("first"), Hear(1.0), Close(1006)],
        [*resumed(), Wait(3.0), *end],
        [*resumed(), Hear(3.0)],
        duration_s=40,
        max_outage_s=max_outage_s,
        drive=ramp,
    )
    first_back_at_s, back_at_s = held.times_of(Reconnected)
    dropped_ms = sum(notice.dropped_audio_ms for notice in held.of(Reconnected))
    fresh_s = back_at_s - max_outage_s
    if isinstance(end[0], GoSilent):
        # All that the first did not hear, and the third neither.
        lost_s = fresh_s - spoken(held, 0)[-1]
    else:
        # What was sent to nobody: a server that was there may have heard what it was sent.
        lost_s = max(0.0, first_back_at_s - max_outage_s - spoken(held, 0)[-1])
        lost_s += max(0.0, fresh_s - spoken(held, 1)[-1])
    assert dropped_ms == pytest.approx(1000 * lost_s, abs=60)
    assert held.summary.dropped_outage_ms == dropped_ms
    if back_at_s < 18:
        assert spoken(held, 2)[0] == pytest.approx(fresh_s, abs=0.05)


async def say_something_in_the_outage(session: Session, devices: VirtualDevices) -> None:
    """Press the key from 1.05 to 1.65 s; the connection is lost at 1.0 and back after 1.75 s at the earliest."""
    devices.say(np.full(48000 * 8, 0.25, np.float32))
    await asyncio.sleep(1.05)
    session.talk()
    await asyncio.sleep(0.6)
    session.talk(pressed=False)


async def answer_by_key(peer: Peer) -> None:
    """Take a turn by key, and answer it."""
    await peer.expect("session.update")
    await peer.expect("input_audio_buffer.commit")
    assert peer.audio_samples == pytest.approx(0.6 * WIRE_HZ, abs=0.05 * WIRE_HZ)
    await peer.send("input_audio_buffer.committed", item_id="u1")
    await peer.expect("response.create")
    await peer.answer("r1", "i1", tone(0.2))
    await asyncio.sleep(1.0)
    assert not peer.unread


def test_a_turn_by_key_that_a_broken_connection_had_taken_is_committed_on_the_next_and_answered_once() -> None:
    created = Emit("session.created", session={"id": "second"})
    held = hold(
        [*OPENED_BY_KEY, Wait(1.0), Close(1006)],
        ConnectionFailedError("No."),
        [Expect("session.update"), Expect("input_audio_buffer.commit"), created, Close(1006)],
        answer_by_key,
        duration_s=12,
        max_outage_s=8.0,
        settings=BY_KEY,
        drive=say_something_in_the_outage,
    )
    assert held.error is None
    assert not held.of(ErrorShown)
    assert len(held.of(FirstAudio)) == 1
    assert held.summary.turns == 1


def test_a_turn_by_key_that_ends_on_a_connection_that_then_breaks_goes_again_with_its_words() -> None:
    created = Emit("session.created", session={"id": "second"})
    end: list[Step] = [Expect("input_audio_buffer.commit"), Expect("response.create"), Close(1006)]
    held = hold(
        [*OPENED_BY_KEY, Wait(0.2), Close(1006)],
        # Back after 0.7 s at the latest.
        [Expect("session.update"), created, *end],
        answer_by_key,
        duration_s=12,
        max_outage_s=8.0,
        settings=BY_KEY,
        drive=say_something_in_the_outage,
    )
    assert held.error is None
    assert not held.of(ErrorShown)
    assert len(held.of(FirstAudio)) == 1


def test_a_turn_by_key_that_is_lost_with_its_connection_is_told_at_once_and_not_asked_for_again() -> None:
    async def speak(session: Session, devices: VirtualDevices) -> None:
        devices.say(np.full(48000 * 8, 0.25, np.float32))
        await asyncio.sleep(0.5)
        session.talk()
        await asyncio.sleep(0.6)
        session.talk(pressed=False)

    async def second(peer: Peer) -> None:
        await peer.expect("session.update")
        await asyncio.sleep(1.0)
        assert not peer.unread

    held = hold(
        [*OPENED_BY_KEY, Expect("input_audio_buffer.commit"), Expect("response.create"), Close(1006)],
        second,
        duration_s=5,
        settings=BY_KEY,
        drive=speak,
    )
    (lost,) = held.of(ErrorShown)
    assert lost.code == "turn_lost"
    assert held.times_of(ErrorShown)[0] == pytest.approx(1.1, abs=0.1)
