"""Turns by key, in writing and muted, and the ends of silence: real sessions in virtual time."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import numpy as np
import pytest

from engine.audio.session_audio import SessionAudio
from engine.audio.types import StreamRequest
from engine.config import Config
from engine.config_tables import TurnMode, TurnOptions
from engine.realtime.connection.transport import Transport
from engine.realtime.providers.choose import ChosenProvider, choose_provider
from engine.realtime.providers.session_update import SessionSettings
from engine.realtime.session import RealtimeSession
from engine.realtime.session_events import BargeIn, FirstAudio, Muted, SessionEvent, Summary, UserSpeech
from engine.realtime.testing import Answer, Emit, Expect, Peer, ServerDouble, VirtualDevices, Wait, run_virtual
from engine.realtime.testing.double import Script
from engine.realtime.tools.runner import ToolRunner
from engine.realtime.tools.tool import tool_of

WIRE_HZ = 24000
TONE = (8000 * np.sin(np.arange(5 * WIRE_HZ) / 5)).astype("<i2").tobytes()
BY_KEY = SessionSettings(turns=TurnOptions(TurnMode.NONE))


@dataclass
class Held:
    """What a conversation came to."""

    summary: Summary
    session_events: list[SessionEvent]
    devices: VirtualDevices

    def of(self, kind: type[SessionEvent]) -> list[SessionEvent]:
        """The session events of a kind."""
        return [event for event in self.session_events if isinstance(event, kind)]


def hold(
    script: Script,
    person: Callable[[RealtimeSession, Peer], Awaitable[None]] | None,
    settings: SessionSettings,
    *,
    until_input_ends: bool = False,
    ignoring: tuple[str, ...] = (),
) -> Held:
    """Run a session against a script while a person uses it; it is stopped when the person has finished."""

    async def main() -> Held:
        devices, session_events = VirtualDevices(), list[SessionEvent]()
        devices.say(np.full(3600 * 48000 // 60, 0.25, np.float32))
        audio = SessionAudio(devices, StreamRequest(), input_rate_hz=WIRE_HZ, output_rate_hz=WIRE_HZ)
        chosen = choose_provider("custom", "ws://double/", {}, Config())
        runner = ToolRunner([tool_of(slow)])
        with ServerDouble(script, ignoring=ignoring) as server:
            observe = [lambda event, _: session_events.append(event)]
            connected = asyncio.Event()

            async def connect(chosen: ChosenProvider) -> Transport:
                transport = await server.connect(chosen)
                connected.set()
                return transport

            session = RealtimeSession(chosen, audio, runner, settings, observe, connect=connect)

            async def use() -> None:
                if person is None:
                    return
                await connected.wait()
                (peer,) = server.peers
                await person(session, peer)
                session.stop("the person has finished")

            using = asyncio.create_task(use())
            summary = await session.run(until_input_ends=until_input_ends)
            await using
        return Held(summary, session_events, devices)

    return run_virtual(main(), at_most_s=3600)


async def slow() -> str:
    """Take some time."""
    await asyncio.sleep(25)
    return "done"


def test_what_is_said_with_the_key_held_is_a_turn_and_nothing_else_is_sent() -> None:
    sent: list[int] = []

    async def script(peer: Peer) -> None:
        update = await peer.expect("session.update")
        assert update["session"]["audio"]["input"]["turn_detection"] is None
        for _ in range(2):
            await peer.expect("input_audio_buffer.commit")
            sent.append(peer.audio_samples)
            await peer.expect("response.create")

    async def person(session: RealtimeSession, peer: Peer) -> None:
        for seconds in (1.2345, 0.5):
            await asyncio.sleep(0.777)
            session.talk()
            await asyncio.sleep(seconds)
            session.talk(False)
            await asyncio.sleep(1.0)

    held = hold(script, person, BY_KEY)
    first, second = sent[0], sent[1] - sent[0]
    # Two positions of the clock, each rounded to a sample.
    assert abs(first - 1.2345 * WIRE_HZ) <= 1
    assert abs(second - 0.5 * WIRE_HZ) <= 1
    assert held.summary.turns == 2
    assert len(held.of(UserSpeech)) == 4


def test_the_key_interrupts_to_the_sample_and_cancels() -> None:
    seen: dict[str, int] = {}

    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.send("response.created", response={"id": "r1"})
        await peer.send_audio("r1", "i1", TONE, content_index=1)
        assert (await peer.expect("response.cancel"))["response_id"] == "r1"
        truncated = await peer.expect("conversation.item.truncate")
        assert (truncated["item_id"], truncated["content_index"]) == ("i1", 1)
        seen["heard_ms"] = truncated["audio_end_ms"]
        await peer.send_audio("r1", "i1", TONE, content_index=1)
        await peer.expect("input_audio_buffer.commit")
        await peer.send("response.done", response={"id": "r1", "status": "cancelled"})
        await peer.expect("response.create")
        await peer.answer("r2", "i2", TONE[:WIRE_HZ])

    async def person(session: RealtimeSession, peer: Peer) -> None:
        await asyncio.sleep(2.0)
        session.talk()
        await asyncio.sleep(1.0)
        session.talk(False)
        await asyncio.sleep(3.0)

    held = hold(script, person, BY_KEY)
    (barge_in,) = held.of(BargeIn)
    assert isinstance(barge_in, BargeIn)
    assert barge_in.heard_ms == seen["heard_ms"]
    sounding = np.flatnonzero(np.abs(held.devices.heard) > 1e-4)
    pause = np.flatnonzero(np.diff(sounding) > 24000)[0]
    assert abs(1000 * (sounding[pause] - sounding[0] + 1) / 48000 - seen["heard_ms"]) <= 2
    assert len(held.of(FirstAudio)) == 2


@pytest.mark.parametrize(("held_s", "sent"), [(0.0, []), (0.06, ["input_audio_buffer.clear"])])
def test_a_tap_is_no_turn(held_s: float, sent: list[str]) -> None:
    async def person(session: RealtimeSession, peer: Peer) -> None:
        await asyncio.sleep(0.5)
        session.talk()
        await asyncio.sleep(held_s)
        session.talk(False)
        await asyncio.sleep(1.0)
        assert peer.audio_samples == round(held_s * WIRE_HZ)

    hold([Expect("session.update"), *map(Expect, sent)], person, BY_KEY)


def test_muted_the_server_hears_silence_and_a_turn_in_progress_ends() -> None:
    async def person(session: RealtimeSession, peer: Peer) -> None:
        await asyncio.sleep(1.0)
        session.mute()
        session.mute()
        await asyncio.sleep(1.0)
        assert session.muted
        session.mute(False)
        await asyncio.sleep(1.0)
        heard = np.frombuffer(b"".join(peer.audio), "<i2")
        # Sound, silence, sound, at the pace of the clock.
        loud = np.abs(heard) > 4000
        edges = np.flatnonzero(np.diff(loud.astype(int)))
        assert heard.size >= 2.9 * WIRE_HZ
        assert np.abs(edges[-2:] - [WIRE_HZ, 2 * WIRE_HZ]).max() <= 2
        assert not heard[edges[-2] + 1 : edges[-1]].any()

    held = hold([Expect("session.update")], person, SessionSettings())
    assert [event.muted for event in held.of(Muted) if isinstance(event, Muted)] == [True, False]


def test_a_conversation_in_writing_sends_no_sound_interrupts_and_ends_with_the_last_answer() -> None:
    script: Script = [
        Expect("session.update"),
        Expect("conversation.item.create", {"item": {"content": [{"type": "input_text", "text": "one"}]}}),
        Expect("response.create"),
        Emit("response.created", response={"id": "r1"}),
        Emit("response.output_text.delta", response_id="r1", item_id="i1", delta="Well,"),
        Expect("response.cancel", {"response_id": "r1"}),
        Expect("conversation.item.create"),
        Emit("response.done", response={"id": "r1", "status": "cancelled"}),
        Expect("response.create"),
        Answer("r2", "i2", TONE, "Two."),
    ]
    peers: list[Peer] = []

    async def person(session: RealtimeSession, peer: Peer) -> None:
        peers.append(peer)
        session.type_text("one")
        await asyncio.sleep(1.0)
        session.type_text("two")
        session.end_input()
        await asyncio.sleep(8.0)

    held = hold(script, person, SessionSettings(listens=False), until_input_ends=True)
    assert held.summary.reason == "the input has ended"
    assert held.summary.turns == 2
    assert peers[0].audio_samples == 0
    # The whole answer was heard, and the end of the input waited for.
    assert 6.0 < held.summary.duration_s < 8.0


def test_a_conversation_in_which_nobody_speaks_ends_in_order() -> None:
    settings = SessionSettings(idle_timeout_s=30)
    held = hold([Expect("session.update")], None, settings)
    assert held.summary.reason == "nobody has spoken for 30 s"
    assert 30 <= held.summary.duration_s < 31


def test_the_idle_time_counts_from_the_end_of_what_sounds_or_runs() -> None:
    call = {"type": "function_call", "id": "f1", "call_id": "c1", "name": "slow", "arguments": "{}"}
    script: Script = [
        Expect("session.update"),
        Wait(20.0),
        Emit("response.created", response={"id": "r1"}),
        Emit("response.output_item.done", response_id="r1", item=call),
        Emit("response.done", response={"id": "r1", "status": "completed"}),
        Expect("conversation.item.create"),
        Expect("response.create"),
        Answer("r2", "i2", TONE, "Done."),
    ]
    held = hold(script, None, SessionSettings(idle_timeout_s=30))
    # 20 s of nothing, 25 s of the tool, 5 s of answer, half a minute of nothing.
    assert 80 <= held.summary.duration_s < 82


def test_a_server_that_answers_silence_keeps_nobody_from_leaving() -> None:
    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        for number in itertools.count():
            await asyncio.sleep(10)
            await peer.send("input_audio_buffer.timeout_triggered", item_id=f"u{number}", audio_start_ms=0)
            await peer.send("input_audio_buffer.committed", item_id=f"u{number}")
            await peer.answer(f"r{number}", f"i{number}", TONE[:WIRE_HZ], "Are you still there?")

    held = hold(script, None, SessionSettings(idle_timeout_s=35))
    assert held.summary.reason == "nobody has spoken for 35 s"
    assert 35 <= held.summary.duration_s < 37


def test_a_turn_that_is_never_answered_does_not_hold_the_session_for_ever() -> None:
    script: Script = [
        Expect("session.update"),
        Emit("input_audio_buffer.speech_started"),
        Wait(1.0),
        Emit("input_audio_buffer.speech_stopped"),
    ]
    held = hold(script, None, SessionSettings(idle_timeout_s=5))
    assert 15 <= held.summary.duration_s < 22
