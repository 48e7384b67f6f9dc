"""Sessions that move on before the server's limit: in a pause, with the next connection open, and in time."""

from __future__ import annotations

import asyncio
import time

import numpy as np
import pytest

from engine.errors import AccessRefusedError, ConnectionFailedError
from engine.realtime.connection.retry_policy import Rotation
from engine.realtime.protocol.server_events import ServerEvent, SessionDescription
from engine.realtime.providers.catalog import OPENAI, YANDEX
from engine.realtime.session import RealtimeSession
from engine.realtime.session_events import BargeIn, ErrorShown, Reconnected, Reconnecting
from engine.realtime.testing import Answer, Emit, Hear, Peer, VirtualDevices, Wait
from tests.realtime.connection.outage_scripts import agent, opened, ramp, resumed, spoken_at_s
from tests.realtime.virtual_rig import hold, tone

LIMIT_S = 100.0
"""Rotated from 90 s on, at 98 s whatever goes on."""


async def late_ramp(session: RealtimeSession, devices: VirtualDevices) -> None:
    """A ramp from 85 s on: over the moment of the change."""
    await asyncio.sleep(85.0)
    await ramp(session, devices)


def test_the_window_lies_before_the_limit() -> None:
    hour = Rotation(3600)
    assert (hour.begins_after_s, hour.ends_after_s) == (3300, 3580)
    short = Rotation(LIMIT_S)
    assert (short.begins_after_s, short.ends_after_s) == (90, 98)


def test_the_limits_are_those_that_are_published() -> None:
    assert OPENAI.session_limit_s == 3600
    assert YANDEX.session_limit_s is None


def test_in_a_pause_the_session_moves_on_and_nothing_is_lost() -> None:
    held = hold(
        [*opened("first"), Wait(1.0), Answer("r1", "i1", tone(0.5), "Hi.")],
        [*resumed(agent("Hi.")), Hear(1.0)],
        duration_s=95,
        session_limit_s=LIMIT_S,
        redial_s=0.5,
        drive=late_ramp,
    )
    assert held.error is None
    assert not held.of(Reconnecting)
    (reconnected,) = held.of(Reconnected)
    assert reconnected.planned
    assert reconnected.dropped_audio_ms == 0
    assert held.times_of(Reconnected) == [pytest.approx(90.5, abs=0.05)]
    assert (held.summary.reconnects, held.summary.rotations) == (0, 1)
    times_s = [spoken_at_s(block) for peer in held.peers for block in peer.audio]
    spoken_s = [at_s for at_s in times_s if at_s > 0.1]
    assert len(spoken_s) > 450
    assert np.diff(spoken_s) == pytest.approx(0.02, abs=0.0101)


@pytest.mark.parametrize(("left_s", "known_s", "at_s"), [(100, None, 90), (100, 3600, 90), (3600, 100, 90)])
def test_the_limit_that_comes_first_counts_that_of_the_service_or_the_servers_word(
    left_s: float, known_s: float | None, at_s: float
) -> None:
    async def first(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.send("session.created", session={"id": "first", "expires_at": round(time.time() + left_s)})

    held = hold(first, resumed(), duration_s=97, session_limit_s=known_s)
    assert [session_event.planned for session_event in held.of(Reconnected)] == [True]
    # The server's word is in whole seconds.
    assert held.times_of(Reconnected) == [pytest.approx(at_s, abs=1.5)]


def test_a_session_that_is_stopped_when_it_is_told_its_limit_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """`asyncio.wait_for` of Python 3.11 swallows a cancellation that comes with what it waits for."""
    receive = RealtimeSession.on_event

    def and_stop(session: RealtimeSession, event: ServerEvent, at_s: float) -> None:
        receive(session, event, at_s)
        if isinstance(event, SessionDescription) and event.expires_at:
            session.stop("told")

    async def only(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.send("session.created", session={"id": "only"})
        await asyncio.sleep(1.0)
        await peer.send("session.updated", session={"id": "only", "expires_at": round(time.time() + 3000)})

    monkeypatch.setattr(RealtimeSession, "on_event", and_stop)
    held = hold(only, duration_s=100, session_limit_s=3600)
    assert held.summary.reason == "told"
    assert held.summary.duration_s < 2


@pytest.mark.parametrize("left_s", [-3600, 0, 30])
def test_a_server_whose_clock_is_another_does_not_make_the_session_move_on_and_on(left_s: float) -> None:
    async def only(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.send("session.created", session={"id": "only", "expires_at": round(time.time() + left_s)})

    held = hold(only, duration_s=200)
    assert not held.of(Reconnected)


def test_it_waits_for_the_end_of_an_answer_and_of_the_users_words() -> None:
    async def first(peer: Peer) -> None:
        await peer.expect("session.update")
        await asyncio.sleep(89.0)
        await peer.answer("r1", "i1", tone(4.0))
        await asyncio.sleep(3.5)
        await peer.send("input_audio_buffer.speech_started", item_id="u1")
        await peer.expect("conversation.item.truncate")
        await asyncio.sleep(1.5)
        await peer.send("input_audio_buffer.speech_stopped", item_id="u1", audio_end_ms=0)
        await peer.answer("r2", "i2", tone(0.5))

    held = hold(first, resumed(), duration_s=99, session_limit_s=LIMIT_S)
    assert len(held.of(BargeIn)) == 1
    (at_s,) = held.times_of(Reconnected)
    assert 94.5 <= at_s <= 95.0


def test_it_waits_no_longer_than_the_limit_and_what_was_queued_plays_on() -> None:
    held = hold(
        [*opened("first"), Wait(85.0), Answer("r1", "i1", tone(20.0), "Long.")],
        resumed(agent("Long.")),
        duration_s=110,
        session_limit_s=LIMIT_S,
    )
    assert held.times_of(Reconnected) == [pytest.approx(98.0, abs=0.15)]
    sounding = np.flatnonzero(held.devices.heard)
    assert sounding[-1] - sounding[0] == pytest.approx(20 * 48000, abs=300)
    assert held.summary.xruns == 0


def test_a_change_that_fails_leaves_the_old_connection_in_use_and_is_tried_again() -> None:
    held = hold(
        [*opened("first"), Wait(91.0), Answer("r1", "i1", tone(0.5), "Still here.")],
        ConnectionFailedError("Too many sessions."),
        [*resumed(agent("Still here."))],
        duration_s=105,
        session_limit_s=LIMIT_S,
    )
    assert not held.of(Reconnecting)
    assert not held.of(ErrorShown)
    assert held.times_of(Reconnected) == [pytest.approx(98.0, abs=0.2)]


def test_a_key_that_is_refused_in_the_meantime_ends_the_session() -> None:
    held = hold(opened("first"), AccessRefusedError("No."), duration_s=105, session_limit_s=LIMIT_S)
    assert isinstance(held.error, AccessRefusedError)


def test_the_limit_that_comes_all_the_same_is_a_reconnect() -> None:
    expired = Emit("error", error={"code": "session_expired", "message": "Over."})
    held = hold(
        [*opened("first"), Wait(60.0), expired], resumed(), [*resumed()], duration_s=155, session_limit_s=LIMIT_S
    )
    assert [session_event.planned for session_event in held.of(Reconnected)] == [False, True]
    assert held.times_of(Reconnected) == [pytest.approx(60.0, abs=0.1), pytest.approx(150.0, abs=0.2)]


def test_a_word_that_begins_while_the_next_connection_opens_is_heard_to_its_end() -> None:
    async def first(peer: Peer) -> None:
        await peer.expect("session.update")
        await asyncio.sleep(90.5)
        await peer.send("input_audio_buffer.speech_started", item_id="u1")
        await asyncio.sleep(3.0)
        await peer.send("input_audio_buffer.speech_stopped", item_id="u1", audio_end_ms=0)
        await peer.answer("r1", "i1", tone(0.5))

    held = hold(first, resumed(), duration_s=99, session_limit_s=LIMIT_S, redial_s=1.0)
    (at_s,) = held.times_of(Reconnected)
    assert 94.0 <= at_s <= 94.3


def test_stopping_while_the_next_connection_is_held_closes_both() -> None:
    async def second(peer: Peer) -> None:
        while peer.open:  # noqa: ASYNC110 - nothing is ever said on it
            await asyncio.sleep(0.1)

    held = hold(
        [*opened("first"), Wait(90.5), Emit("input_audio_buffer.speech_started", item_id="u1")],
        second,
        duration_s=95,
        session_limit_s=LIMIT_S,
        redial_s=1.0,
    )
    assert held.error is None
    assert not held.of(Reconnected)
    assert [peer.open for peer in held.peers] == [False, False]
