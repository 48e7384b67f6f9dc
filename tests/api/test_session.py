"""Sessions through the public door: events in a loop, errors once, and everything closed on every way out."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

import engine as voice
from engine.api.event_buffer import EventBuffer
from engine.realtime.testing import (
    Answer,
    Emit,
    Expect,
    Peer,
    ServerDouble,
    Step,
    VirtualDevices,
    Wait,
)
from tests.api.rig import ANSWER, BEGUN, LEAVING, TONE, Mortal, names_of, run, session_with


def test_events_are_read_in_a_loop_that_ends_with_the_summary() -> None:
    async def main() -> tuple[list[voice.SessionEvent], voice.Session]:
        with ServerDouble([*BEGUN, ANSWER]) as server:
            async with session_with(server, duration=5) as session:
                return [event async for event in session], session

    events, session = run(main())
    names = names_of(events)
    assert names[0] == "PartChosen"
    assert names[-1] == "Summary"
    assert {"SessionStarted", "AgentText", "FirstAudio"} <= set(names)
    assert events[-1] is session.summary
    assert session.summary is not None
    assert session.summary.reason == "duration"
    assert session.missed_events == 0


def test_leaving_the_loop_does_not_end_the_session_and_a_second_loop_goes_on() -> None:
    async def main() -> None:
        with ServerDouble([*BEGUN, ANSWER]) as server:
            async with session_with(server) as session:
                async for event in session:
                    if isinstance(event, voice.SessionStarted):
                        break
                assert not session.summary
                async for event in session:
                    assert not isinstance(event, voice.SessionStarted)
                    if isinstance(event, voice.AgentText):
                        session.stop("enough")
            assert session.summary is not None
            assert session.summary.reason == "enough"

    run(main())


def test_leaving_the_block_ends_the_session() -> None:
    async def main() -> VirtualDevices:
        devices = VirtualDevices()
        with ServerDouble(BEGUN) as server:
            async with session_with(server, devices) as session:
                assert isinstance(await anext(session), voice.PartChosen)
                await asyncio.sleep(1)
            assert session.summary is not None
            assert session.summary.reason == "closed"
            left = [event async for event in session]  # what was not read yet, then the end
            assert names_of(left)[-1] == "Summary"
        assert len(asyncio.all_tasks()) == 1
        return devices

    heard = run(main()).heard.size
    assert 0.9 * 48000 < heard < 1.2 * 48000


def test_an_error_that_ends_the_session_is_raised_by_the_loop_after_the_summary_and_not_again() -> None:
    async def main() -> None:
        with ServerDouble([*BEGUN, LEAVING]) as server:
            seen: list[voice.SessionEvent] = []
            async with session_with(server) as session:
                with pytest.raises(voice.AccessRefusedError):
                    async for event in session:
                        seen.append(event)  # noqa: PERF401 - also what came before the error
                assert isinstance(seen[-1], voice.Summary)
                assert [event async for event in session] == []

    run(main())


def test_an_error_that_nobody_was_told_of_is_raised_where_the_block_is_left() -> None:
    async def main() -> None:
        with ServerDouble([*BEGUN, LEAVING]) as server, pytest.raises(voice.AccessRefusedError):
            async with session_with(server):
                await asyncio.sleep(5)

    run(main())


def test_an_exception_of_the_block_is_never_replaced() -> None:
    async def main() -> None:
        with ServerDouble([*BEGUN, LEAVING]) as server, pytest.raises(ZeroDivisionError):
            async with session_with(server):
                await asyncio.sleep(5)
                raise ZeroDivisionError

    run(main())


async def test_a_slow_reader_gets_the_newest_and_is_told_how_many_it_missed() -> None:
    buffer = EventBuffer(most=3)
    for number in range(5):
        buffer(voice.UserTyped(str(number)), 0.0)
    assert buffer.missed == 2
    assert [await buffer.next() for _ in range(3)] == [voice.UserTyped(str(number)) for number in (2, 3, 4)]


def test_what_is_written_is_a_turn_and_an_observer_may_write_from_inside_an_event() -> None:
    async def play_server(peer: Peer) -> None:
        await BEGUN[0].play(peer)
        await peer.send("session.created", session={"id": "sess_1"})
        for text in ("from outside", "from inside"):
            item = await peer.expect("conversation.item.create")
            assert item["item"]["content"][0]["text"] == text
            await peer.expect("response.create")
            await peer.answer(f"resp_{text}", f"item_{text}", TONE, "An answer.")
        await asyncio.sleep(5)

    async def main() -> None:
        asked: list[str] = []

        def ask_again(event: voice.SessionEvent, _: float) -> None:
            if isinstance(event, voice.ResponseEnded) and not asked:
                asked.append("once")
                session.send_text("from inside")

        with ServerDouble(play_server, ignoring=["conversation.item.truncate", "conversation.item.delete"]) as server:
            async with session_with(server, observers=[ask_again], duration=3) as session:
                session.send_text("from outside")
                await session.wait()
            assert session.summary is not None
            assert session.summary.turns == 2

    run(main())


def test_an_interruption_silences_the_answer_and_the_server_is_told_what_was_heard() -> None:
    async def main() -> None:
        devices = VirtualDevices()
        script = [*BEGUN, ANSWER, Expect("conversation.item.truncate", {"item_id": "item_1"})]
        with ServerDouble(script) as server:
            async with session_with(server, devices) as session:
                async for event in session:
                    if isinstance(event, voice.FirstAudio):
                        await asyncio.sleep(0.5)
                        session.interrupt()
                    if isinstance(event, voice.BargeIn):
                        assert event.heard_ms == pytest.approx(500, abs=60)
                        break
                await asyncio.sleep(0.1)
                silent_from = devices.heard.size
                await asyncio.sleep(1)
                assert not np.any(devices.heard[silent_from:])

    run(main())


def test_sound_of_the_program_waits_for_the_answer_and_is_never_told_to_the_model(tmp_path: Path) -> None:
    import soundfile  # noqa: PLC0415

    chime = (0.5 * np.ones((4800, 2))).astype(np.float32)
    soundfile.write(tmp_path / "chime.wav", chime, 48000)

    async def main() -> VirtualDevices:
        devices = VirtualDevices()
        answer_then_own = [*BEGUN, Answer("resp_1", "item_1", pcm16=bytes(24000), text="Silence.")]
        with ServerDouble(answer_then_own) as server:
            async with session_with(server, devices, duration=3) as session:
                async for event in session:
                    if isinstance(event, voice.FirstAudio):
                        session.play(chime, rate_hz=48000)
                        session.play((16384 * np.ones(2400)).astype(np.int16), rate_hz=24000)
                        session.play(str(tmp_path / "chime.wav"))
                assert not [event for event in server.peers[0].received if "truncate" in event["type"]]
        return devices

    loud = np.abs(run(main()).heard) > 0.3
    assert loud.sum() == pytest.approx(3 * 4800, rel=0.05)
    first = int(np.argmax(loud))
    assert first > 0.5 * 48000  # behind the half second of the answer
    assert not loud[first + 4 * 4800 :].any()


def test_sound_of_the_program_is_stopped_by_the_user() -> None:
    async def main() -> VirtualDevices:
        devices = VirtualDevices()
        speech = Emit("input_audio_buffer.speech_started", audio_start_ms=0, item_id="item_u")
        with ServerDouble([*BEGUN, Wait(1.0), speech, Wait(1.0)]) as server:
            async with session_with(server, devices, duration=3) as session:
                session.play(np.full(5 * 48000, 0.5, np.float32), rate_hz=48000)
                events = [event async for event in session]
                assert "BargeIn" not in names_of(events)
                assert not [event for event in server.peers[0].received if "item" in event["type"]]
        return devices

    loud = np.abs(run(main()).heard) > 0.3
    assert loud.sum() == pytest.approx(48000, rel=0.1)


def test_what_the_conversation_does_can_be_asked_at_any_time() -> None:
    async def main() -> list[str]:
        speech: list[Step] = [
            Emit("input_audio_buffer.speech_started", audio_start_ms=0, item_id="item_u"),
            Wait(1.0),
            Emit("input_audio_buffer.speech_stopped", audio_end_ms=900, item_id="item_u"),
        ]
        with ServerDouble([*BEGUN, Wait(1.0), *speech, Wait(1.0), ANSWER, Wait(2.0)]) as server:
            session = session_with(server, duration=8)
            seen: list[str] = [session.activity]
            async with session:
                while session.summary is None:
                    if session.activity != seen[-1]:
                        seen.append(session.activity)
                    await asyncio.sleep(0.1)
            return seen

    assert run(main()) == ["connecting", "listening", "hears you", "thinking", "speaking", "listening"]


def test_in_writing_no_microphone_is_asked_for_and_the_answer_sounds() -> None:
    async def main() -> Mortal:
        devices = Mortal()
        with ServerDouble([*BEGUN, ANSWER]) as server:
            session = session_with(server, devices, text=True, input="none such", duration=30)
            async with session:
                await session.wait()
            assert "input_audio_buffer.append" not in {event["type"] for event in server.peers[0].received}
        assert session.summary is not None
        assert (session.summary.devices_lost, session.summary.xruns) == (0, 0)
        return devices

    devices = run(main())
    assert devices.request.directions == (voice.Direction.OUTPUT,)
    assert (np.abs(devices.heard) > 0.1).sum() > 48000


def test_of_two_sessions_one_loses_its_device_and_the_other_does_not_notice() -> None:
    async def main() -> VirtualDevices:
        mortal, other = Mortal(), VirtualDevices()
        with ServerDouble(BEGUN) as doomed_server, ServerDouble([*BEGUN, ANSWER]) as server:
            doomed, session = session_with(doomed_server, mortal), session_with(server, other, duration=4)

            async def lose() -> None:
                async with doomed:
                    await asyncio.sleep(1)
                    mortal.stream.close()
                    await doomed.wait()

            async def talk() -> None:
                async with session:
                    assert "AgentText" in names_of([event async for event in session])

            lost, talked = await asyncio.gather(lose(), talk(), return_exceptions=True)
        assert isinstance(lost, voice.StreamLostError)
        assert talked is None
        assert session.summary is not None
        assert (session.summary.reason, session.summary.xruns) == ("duration", 0)
        return other

    heard = np.abs(run(main()).heard)
    assert (heard > 0.1).sum() > 48000  # all of the answer
