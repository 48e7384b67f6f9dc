"""Connections that come back and break again at once, and turns by key that are lost with one."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from engine.config_tables import TurnMode, TurnOptions
from engine.errors import ConnectionFailedError
from engine.realtime.providers.session_update import SessionSettings
from engine.realtime.session import RealtimeSession
from engine.realtime.session_events import ErrorShown, Reconnected
from engine.realtime.testing import Close, Emit, Expect, Hear, Peer, Step, VirtualDevices, Wait
from tests.realtime.connection.outage_scripts import opened, ramp, resumed, spoken_at_s
from tests.realtime.virtual_rig import Held, hold

BY_KEY = SessionSettings(turns=TurnOptions(mode=TurnMode.NONE))
OPENED_BY_KEY: list[Step] = [Expect("session.update"), Emit("session.created", session={"id": "first"})]


def spoken(held: Held, *connections: int) -> list[float]:
    """When each block of these connections was spoken."""
    return [spoken_at_s(block) for number in connections for block in held.peers[number].audio]


def test_a_connection_that_breaks_again_at_once_is_followed_by_another_and_nothing_is_said_twice() -> None:
    held = hold(
        [*opened("first"), Hear(1.0), Close(1006)],
        [*resumed(), Wait(0.3), Close(1006)],
        [*resumed(), Hear(4.0)],
        duration_s=12,
        drive=ramp,
    )
    assert held.error is None
    assert held.summary.reconnects == 2
    assert [event.dropped_audio_ms for event in held.of(Reconnected)] == [0, 0]
    assert len(spoken(held, 1)) >= 25
    assert np.diff(spoken(held, 0, 1, 2)) == pytest.approx(0.02, abs=0.0101)


async def say_something_in_the_outage(session: RealtimeSession, devices: VirtualDevices) -> None:
    """Press the key from 1.05 to 1.65 s; the connection is lost at 1.0 and back after 1.75 s at the earliest."""
    devices.say(np.full(48000 * 8, 0.25, np.float32))
    await asyncio.sleep(1.05)
    session.talk()
    await asyncio.sleep(0.6)
    session.talk(pressed=False)


def test_a_turn_by_key_whose_held_words_went_to_a_connection_that_broke_is_told_as_lost() -> None:
    async def third(peer: Peer) -> None:
        await peer.expect("session.update")
        await asyncio.sleep(1.0)
        assert not peer.unread

    created = Emit("session.created", session={"id": "second"})
    held = hold(
        [*OPENED_BY_KEY, Wait(1.0), Close(1006)],
        ConnectionFailedError("No."),
        [Expect("session.update"), Expect("input_audio_buffer.commit"), created, Close(1006)],
        third,
        duration_s=12,
        settings=BY_KEY,
        drive=say_something_in_the_outage,
    )
    assert held.error is None
    assert [event.code for event in held.of(ErrorShown)] == ["turn_lost"]
    assert held.summary.turns == 1


def test_a_turn_by_key_that_is_lost_with_its_connection_is_told_at_once_and_not_asked_for_again() -> None:
    async def speak(session: RealtimeSession, devices: VirtualDevices) -> None:
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
