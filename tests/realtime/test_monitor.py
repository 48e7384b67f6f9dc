"""The present state of a session's sound: levels, volume, devices, and the words that have sounded."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest

import engine as voice
from engine.realtime.monitor import Monitor
from engine.realtime.testing import Answer, Emit, ServerDouble, Step, VirtualDevices, Wait, run_virtual
from tests.api.rig import ANSWER, BEGUN, session_with

WORDS = "Seven times eight is 56."


def words_over_time(
    steps: Sequence[Step], every_s: float, count: int, *, cut_after: int | None = None, latency_ms: float = 0.0
) -> list[str | None]:
    """The words of item_1 that have sounded, from its first sound on."""

    async def main() -> list[str | None]:
        with ServerDouble([*BEGUN, *steps], ignoring=["conversation.item.truncate"]) as server:
            async with session_with(server, VirtualDevices(latency_ms=latency_ms)) as session:
                async for event in session:
                    if isinstance(event, voice.FirstAudio | voice.ResponseEnded):
                        break
                found = []
                for number in range(count):
                    await asyncio.sleep(every_s)
                    found.append(session.monitor.sounded("item_1"))
                    if number == cut_after:
                        session.interrupt()
                return found

    return run_virtual(main(), at_most_s=60)


def test_words_come_as_they_sound_and_all_of_them_in_the_end() -> None:
    found = words_over_time([ANSWER], 0.25, 9)
    assert found[-1] == WORDS
    lengths = [len(words or "") for words in found]
    assert lengths == sorted(lengths)
    assert len(set(lengths)) >= 4
    assert lengths[3] <= len(WORDS) * 0.6, "half of it is not heard yet"


def test_what_the_speaker_still_holds_has_not_sounded() -> None:
    assert words_over_time([ANSWER], 0.5, 3, latency_ms=1000)[1] == ""
    assert words_over_time([ANSWER], 0.5, 5, latency_ms=1000)[-1] == WORDS


def test_of_an_answer_that_is_cut_only_the_words_stay_that_were_heard() -> None:
    found = words_over_time([ANSWER], 0.5, 6, cut_after=1)
    assert found[2] == found[-1]
    assert WORDS.startswith(found[-1] or "-")
    assert found[-1] != WORDS


def test_an_answer_without_sound_is_there_once_its_response_is_over() -> None:
    assert words_over_time([Answer("resp_1", "item_1", pcm16=b"", text=WORDS)], 0.1, 1) == [WORDS]
    assert words_over_time([ANSWER], 0.1, 1) != [WORDS]


def test_of_an_answer_that_was_interrupted_before_it_had_a_sound_nothing_was_heard() -> None:
    steps = [Emit("response.created", response={"id": "resp_1"}), *said_without_sound("resp_1", "item_1")]
    steps += [Wait(1.0), Emit("response.done", response={"id": "resp_1", "status": "cancelled"})]

    async def main() -> str | None:
        with ServerDouble([*BEGUN, *steps], ignoring=["response.cancel"]) as server:
            async with session_with(server) as session:
                async for event in session:
                    if isinstance(event, voice.AgentTextDelta):
                        session.interrupt()
                        break
                await asyncio.sleep(2)
                return session.monitor.sounded("item_1")

    assert run_virtual(main(), at_most_s=60) == ""


def said_without_sound(response_id: str, item_id: str) -> list[Step]:
    """The words of an answer whose audio has not come yet."""
    part = {"response_id": response_id, "item_id": item_id, "output_index": 0, "content_index": 0}
    return [Emit("response.output_audio_transcript.delta", **part, delta=WORDS)]


def test_an_item_that_never_was_has_no_words() -> None:
    async def main() -> str | None:
        with ServerDouble(BEGUN) as server:
            async with session_with(server) as session:
                await asyncio.sleep(0.1)  # Python 3.14 would leave before it connects
                return session.monitor.sounded("item_9")

    assert run_virtual(main(), at_most_s=60) is None


def test_levels_and_the_volume_are_those_of_now() -> None:
    async def main() -> None:
        devices = VirtualDevices()
        with ServerDouble([*BEGUN, ANSWER]) as server:
            async with session_with(server, devices, volume=-6.0) as session:
                monitor = session.monitor
                assert monitor.volume_db == pytest.approx(-6)
                async for event in session:
                    if isinstance(event, voice.FirstAudio):
                        break
                devices.say(np.full(48000, 0.5, np.float32))
                await asyncio.sleep(0.5)
                assert monitor.levels.input_db == pytest.approx(-6.02, abs=0.1)
                before_db = monitor.levels.output_db
                monitor.volume_db -= 20
                await asyncio.sleep(0.1)
                assert monitor.levels.output_db == pytest.approx(before_db - 20, abs=1)
                monitor.volume_db = 1000
                assert monitor.volume_db == pytest.approx(24)

    run_virtual(main(), at_most_s=60)


def test_devices_that_cannot_be_changed_are_not() -> None:
    async def main() -> None:
        with ServerDouble(BEGUN) as server:
            async with session_with(server) as session:
                await asyncio.sleep(0.1)  # Python 3.14 would leave before it connects
                monitor: Monitor = session.monitor
                assert [device.name for device in monitor.devices] == [monitor.devices[0].name]
                with pytest.raises(voice.InvalidInputError, match="cannot be changed"):
                    monitor.use(voice.Direction.OUTPUT, None)

    run_virtual(main(), at_most_s=60)


def test_a_volume_that_is_no_number_is_refused() -> None:
    async def main() -> float:
        with ServerDouble(BEGUN) as server:
            async with session_with(server, VirtualDevices()) as session:
                await asyncio.sleep(0.1)  # Python 3.14 would leave before it connects
                with pytest.raises(voice.InvalidInputError):
                    session.monitor.volume_db = float("nan")
                return session.monitor.volume_db

    assert run_virtual(main()) == pytest.approx(0.0)
