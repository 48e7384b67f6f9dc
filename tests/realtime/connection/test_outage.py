"""Sessions whose connection breaks, in virtual time: what is retried, what the new server is told, what is heard."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import numpy as np
import pytest

from engine.errors import AccessRefusedError, ConnectionFailedError, SessionClosedError
from engine.realtime.connection.transport import Transport
from engine.realtime.protocol.client_events import ClientEvent
from engine.realtime.providers.choose import ChosenProvider
from engine.realtime.session import RealtimeSession
from engine.realtime.session_events import ErrorShown, FirstAudio, Reconnected, Reconnecting, SessionStarted
from engine.realtime.testing import (
    Answer,
    Close,
    Emit,
    Expect,
    GoSilent,
    Hear,
    Peer,
    ServerDouble,
    VirtualDevices,
    Wait,
)
from tests.realtime.connection.outage_scripts import QUIET, agent, opened, ramp, resumed, spoken, spoken_at_s, user
from tests.realtime.virtual_rig import hold, tone


@pytest.mark.parametrize("code", [None, 1001, 1005, 1006, 1011, 1012, 1013, 1015])
def test_a_connection_that_is_lost_comes_back(code: int | None) -> None:
    held = hold(
        [
            *opened("first"),
            *spoken("Hello", "u1"),
            Answer("r1", "i1", tone(0.2), "Hi."),
            Wait(2.0),
            Close(code, "busy"),
        ],
        [*resumed(user("Hello"), agent("Hi.")), Answer("r2", "i2", tone(0.2), "Again.")],
        duration_s=10,
    )
    assert held.error is None
    (reconnecting,), (reconnected,) = held.of(Reconnecting), held.of(Reconnected)
    assert (reconnecting.attempt, reconnecting.of) == (1, 8)
    assert 375 <= reconnecting.wait_ms <= 500
    assert reconnecting.wait_ms <= reconnected.away_ms <= reconnecting.wait_ms + 20
    assert [event.session_id for event in held.of(SessionStarted)] == ["first", "later"]
    assert len(held.of(FirstAudio)) == 2
    assert (held.summary.reconnects, held.summary.rotations) == (1, 0)


@pytest.mark.parametrize(
    ("code", "kind"),
    [(1008, AccessRefusedError), (4000, AccessRefusedError), (1000, SessionClosedError), (4321, SessionClosedError)],
)
def test_an_end_that_is_meant_is_not_retried(code: int, kind: type[Exception]) -> None:
    held = hold([*opened("first"), Wait(1.0), Close(code)])
    assert type(held.error) is kind
    assert not held.of(Reconnecting)
    assert held.summary.reason == "error"


@pytest.mark.parametrize("code", ["insufficient_quota", "invalid_api_key", "account_deactivated"])
def test_an_account_that_is_refused_in_the_session_is_not_retried(code: str) -> None:
    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.send("error", error={"code": code, "message": "No."})

    held = hold(script)
    assert isinstance(held.error, AccessRefusedError)
    assert held.attempts == 1


def test_the_first_connection_is_not_retried() -> None:
    held = hold(ConnectionFailedError("Nobody is there."))
    assert isinstance(held.error, ConnectionFailedError)
    assert held.error.message == "Nobody is there."


def test_a_first_connection_that_breaks_at_the_first_word_is_followed_by_one_that_hears_and_is_spoken_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connect, broken = ServerDouble.connect, iter([True])

    async def connect_to_what_breaks_first(server: ServerDouble, chosen: ChosenProvider) -> Transport:
        transport = await connect(server, chosen)
        if next(broken, False):
            monkeypatch.setattr(transport, "send", take_nothing)
        return transport

    async def take_nothing(_: ClientEvent) -> None:
        raise ConnectionFailedError("It broke.")

    async def drive(session: RealtimeSession, devices: VirtualDevices) -> None:
        await ramp(session, devices)
        await asyncio.sleep(4.0)
        session.type_text("Hello?")

    monkeypatch.setattr(ServerDouble, "connect", connect_to_what_breaks_first)
    typed = [Expect("conversation.item.create"), Expect("response.create")]
    held = hold([], [*resumed(), Hear(2.0), *typed, Wait(1.0)], duration_s=8, drive=drive)
    assert held.error is None
    assert len(held.of(Reconnected)) == 1
    assert held.summary.dropped_outage_ms == 0


def test_it_gives_up_after_eight_attempts_and_says_why() -> None:
    held = hold([*opened("first"), Close(1006)], *[ConnectionFailedError("No way.")] * 8, duration_s=300)
    assert type(held.error) is ConnectionFailedError
    assert "8 attempts" in held.error.message
    assert "No way." in held.error.message
    assert [event.attempt for event in held.of(Reconnecting)] == list(range(1, 9))
    times_s = held.times_of(Reconnecting)
    gaps_s = [later - earlier for earlier, later in itertools.pairwise(times_s)]
    assert all(
        0.75 * nominal_s <= gap_s <= nominal_s for gap_s, nominal_s in zip(gaps_s, [0.5, 1, 2, 4, 8, 8, 8], strict=True)
    )
    assert held.of(ErrorShown)[-1].fatal


def test_a_key_that_is_refused_when_reconnecting_ends_the_session() -> None:
    held = hold([*opened("first"), Close(1012)], AccessRefusedError("The key is refused."))
    assert isinstance(held.error, AccessRefusedError)


def test_stopping_during_a_wait_ends_at_once() -> None:
    async def stop(session: RealtimeSession, _: VirtualDevices) -> None:
        await asyncio.sleep(9.0)
        session.stop("interrupted")

    # The fourth attempt is made after 7.5 s at the latest, the fifth after 11.6 s at the earliest.
    held = hold([*opened("first"), Close(1006)], *[ConnectionFailedError("No.")] * 4, duration_s=300, drive=stop)
    assert held.error is None
    assert held.summary.reason == "interrupted"
    assert held.session_events[-1][0] == pytest.approx(9.0, abs=0.05)


def test_what_was_queued_plays_on_through_the_outage() -> None:
    held = hold(
        [*opened("first"), Answer("r1", "i1", tone(4.0), "Four seconds."), Wait(1.0), Close(1006)],
        ConnectionFailedError("Not yet."),
        ConnectionFailedError("Not yet."),
        [*resumed(agent("Four seconds."))],
        duration_s=10,
    )
    sounding = np.flatnonzero(held.devices.heard)
    assert sounding[-1] - sounding[0] == pytest.approx(4 * 48000, abs=200)
    assert held.summary.xruns == 0


def test_an_answer_that_breaks_off_ends_where_it_broke_off_and_counts_no_underrun() -> None:
    async def half(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.send("response.created", response={"id": "r1"})
        await peer.send_audio("r1", "i1", tone(1.0))
        peer.close_with(1006)

    held = hold(half, resumed(), duration_s=5)
    sounding = np.flatnonzero(held.devices.heard)
    assert sounding[-1] - sounding[0] == pytest.approx(48000, abs=200)
    assert held.summary.xruns == 0


@pytest.mark.parametrize("max_outage_s", [0.0, 0.5, 2.0])
def test_microphone_audio_of_an_outage_is_sent_if_fresh_and_else_dropped_and_reported(max_outage_s: float) -> None:
    held = hold(
        [*opened("first"), Hear(1.0), Close(1006)],
        *[ConnectionFailedError("No.")] * 3,
        [*resumed(), Hear(3.0)],
        duration_s=12,
        max_outage_s=max_outage_s,
        drive=ramp,
    )
    (reconnected,) = held.of(Reconnected)
    back_at_s = held.times_of(Reconnected)[0]
    assert reconnected.away_ms > 2500
    first_s = spoken_at_s(held.peers[1].audio[0])
    assert back_at_s - first_s <= max_outage_s + 0.05
    assert reconnected.dropped_audio_ms == pytest.approx(reconnected.away_ms - 1000 * max_outage_s, abs=40)
    assert held.summary.dropped_outage_ms == reconnected.dropped_audio_ms
    assert held.summary.dropped_blocks == 0
    # From there on nothing is missing.
    times_s = [spoken_at_s(block) for block in held.peers[1].audio]
    assert np.diff(times_s) == pytest.approx(0.02, abs=0.0101)


def test_a_short_outage_loses_nothing_of_what_is_said() -> None:
    held = hold([*opened("first"), Hear(1.0), Close(1001)], [*resumed(), Hear(3.0)], duration_s=10, drive=ramp)
    assert held.of(Reconnected)[0].dropped_audio_ms == 0
    times_s = [spoken_at_s(block) for peer in held.peers for block in peer.audio]
    assert np.diff(times_s) == pytest.approx(0.02, abs=0.0101)


def test_a_turn_that_ends_in_the_held_audio_is_answered_on_request() -> None:
    async def second(peer: Peer) -> None:
        await peer.expect("session.update", QUIET)
        await peer.expect("session.update")
        quiet = {"audio": {"input": {"turn_detection": {"create_response": False}}}}
        loud = {"audio": {"input": {"turn_detection": {"create_response": True}}}}
        await peer.send("session.updated", session={"id": "second", **quiet})
        await peer.send("input_audio_buffer.speech_started", item_id="u1")
        await peer.send("input_audio_buffer.speech_stopped", item_id="u1", audio_end_ms=300)
        await peer.send("session.updated", session={"id": "second", **loud})
        await peer.expect("response.create")
        await peer.answer("r1", "i1", tone(0.2))
        await asyncio.sleep(1.0)
        await peer.send("input_audio_buffer.speech_started", item_id="u2")
        await peer.send("input_audio_buffer.speech_stopped", item_id="u2", audio_end_ms=3000)
        await asyncio.sleep(2.0)
        assert not peer.unread

    held = hold([*opened("first"), Close(1006)], second, duration_s=6)
    assert held.error is None
    assert len(held.of(FirstAudio)) == 1


@pytest.mark.parametrize("refuses", [True, False])
def test_a_server_that_never_turned_its_answers_off_is_not_asked_for_a_second_one(refuses: bool) -> None:
    async def second(peer: Peer) -> None:
        update = await peer.expect("session.update", QUIET)
        await peer.expect("session.update")
        if refuses:
            error = {"code": "unknown_parameter", "message": "create_response", "event_id": update["event_id"]}
            await peer.send("error", error=error)
        await peer.send("session.updated", session={"id": "second"})
        end_ms = 900 if refuses else 12_000
        for turn in ("u1", "u2"):
            await peer.send("input_audio_buffer.speech_started", item_id=turn)
            await peer.send("input_audio_buffer.speech_stopped", item_id=turn, audio_end_ms=end_ms)
            await peer.answer(f"r_{turn}", f"i_{turn}", tone(0.2))
            await asyncio.sleep(1.0)
        assert not peer.unread

    held = hold([*opened("first"), Close(1006)], second, duration_s=6)
    assert held.error is None
    assert not held.of(ErrorShown)
    assert len(held.of(FirstAudio)) == 2


def test_an_answer_that_had_not_begun_is_asked_for_again() -> None:
    held = hold(
        [*opened("first"), *spoken("How late is it?", "u1"), Close(1006)],
        [*resumed(user("How late is it?")), Expect("response.create"), Answer("r1", "i1", tone(0.2), "Late.")],
        duration_s=6,
    )
    assert len(held.of(FirstAudio)) == 1


def test_an_interrupted_answer_is_remembered_as_far_as_it_was_heard() -> None:
    words = " ".join(f"word{number}" for number in range(100))

    async def first(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.answer("r1", "i1", tone(10.0), words)
        await asyncio.sleep(5.0)
        await peer.send("input_audio_buffer.speech_started", item_id="u1")
        await peer.expect("conversation.item.truncate")
        peer.close_with(1006)

    async def second(peer: Peer) -> None:
        await peer.expect("session.update", QUIET)
        told.append(await peer.expect("conversation.item.create"))
        await peer.expect("session.update")

    told: list[dict[str, Any]] = []
    hold(first, second, duration_s=8)
    text = told[0]["item"]["content"][0]["text"]
    assert words.startswith(text)
    assert 45 <= len(text.split()) <= 55


def test_what_is_typed_during_the_outage_is_told_and_answered() -> None:
    async def drive(session: RealtimeSession, _: VirtualDevices) -> None:
        await asyncio.sleep(2.0)
        session.type_text("Are you there?")

    hold(
        [*opened("first"), Wait(1.0), Close(1006)],
        *[ConnectionFailedError("No.")] * 3,
        [*resumed(user("Are you there?")), Expect("response.create"), Answer("r1", "i1", tone(0.1), "Yes.")],
        duration_s=12,
        drive=drive,
    )


def test_an_expired_session_is_followed_by_another_at_once() -> None:
    expired = Emit("error", error={"code": "session_expired", "message": "Your session hit the maximum duration."})
    held = hold([*opened("first"), Wait(1.0), expired], resumed(), duration_s=3)
    assert held.error is None
    assert held.of(Reconnecting)[0].wait_ms == 0
    assert held.of(Reconnected)[0].away_ms < 20


@pytest.mark.parametrize("muted", [False, True])
def test_a_half_open_connection_is_noticed_and_left(muted: bool) -> None:
    async def speak(session: RealtimeSession, devices: VirtualDevices) -> None:
        session.mute(muted)
        devices.say(np.full(60 * devices.rate_hz, 0.1, np.float32))

    held = hold([*opened("first"), Wait(20.0), GoSilent()], [*resumed(), Hear(15.0)], duration_s=60, drive=speak)
    (at_s,) = held.times_of(Reconnecting)
    assert 20 <= at_s <= 37
    assert held.summary.reconnects == 1
    assert "stopped answering" in held.of(Reconnecting)[0].reason
    # What was said to the silent server is lost, and reported: from its last sign of life on.
    (reconnected,) = held.of(Reconnected)
    assert 14_900 <= reconnected.away_ms <= 17_000
    if muted:
        assert reconnected.dropped_audio_ms == held.summary.dropped_outage_ms == 0
    else:
        assert 14_900 <= reconnected.dropped_audio_ms <= reconnected.away_ms


def test_a_server_that_answers_probes_is_left_alone_for_ever() -> None:
    held = hold(opened("first"), duration_s=240)
    assert held.attempts == 1
    assert not held.of(ErrorShown)
    assert 16 <= len(held.peers[0].of_type("conversation.item.retrieve")) <= 24


def test_a_server_that_ignores_probes_is_left_once_and_then_believed() -> None:
    held = hold(
        opened("first"),
        [*resumed(), Wait(200.0), Answer("r1", "i1", tone(0.2), "Still here.")],
        duration_s=230,
        ignoring=["conversation.item.retrieve"],
    )
    assert held.attempts == 2
    assert len(held.of(FirstAudio)) == 1


def test_a_refusal_behind_an_accepted_handshake_ends_the_session_with_the_servers_words() -> None:
    async def refuse(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.send("error", error={"message": "This deployment is paused"})
        peer.close_with(1011)

    held = hold(refuse, then=refuse)
    assert isinstance(held.error, SessionClosedError)
    assert "This deployment is paused" in str(held.error)
    assert held.attempts == 1
    assert not held.of(Reconnected)


def test_a_server_that_has_served_once_is_dialled_again_after_an_error() -> None:
    async def served(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.send("session.created", session={"id": "s1"})
        await peer.send("error", error={"message": "Odd"})
        peer.close_with(1011)

    held = hold(served, resumed(), duration_s=5)
    assert held.error is None
    assert len(held.of(Reconnected)) == 1
