"""Turns in time: who speaks when, what is interrupted, what is committed, and in which order it is answered."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import numpy as np
import pytest

from engine.local.speech_worker import SpeechWorker
from tests.local.client import Client
from tests.local.direct import direct
from tests.support.speech import speech

RATE_HZ = 24000
QUIET = np.zeros(RATE_HZ, np.int16)
COMPLETED = "conversation.item.input_audio_transcription.completed"


def said(text: str, voice: str = "en-us+f3") -> np.ndarray[Any, np.dtype[np.int16]]:
    """A phrase between a quarter of a second and a whole one of silence."""
    return np.concatenate([QUIET[: RATE_HZ // 4], speech(text, RATE_HZ, voice), QUIET])


async def test_speech_cancels_the_answer_and_nothing_of_it_follows(speech_worker: SpeechWorker) -> None:
    async with direct(speech_worker) as held:
        release = held.hold("response.output_audio.delta")
        await held.type("Tell me a story")
        await held.until("response.output_audio.delta")
        await held.play(said("what is seven times eight"))
        release.set()
        done = await held.until("response.done")
        assert done["response"]["status"] == "cancelled"
        assert done["response"]["status_details"] == {"type": "cancelled", "reason": "turn_detected"}
        kinds = held.kinds()
        started = kinds.index("input_audio_buffer.speech_started")
        assert "response.output_audio.delta" not in kinds[started : kinds.index("response.done")]
        assert done["response"]["output"][0]["status"] == "incomplete"
        assert "56" in (await held.until("response.output_audio_transcript.done", 2))["transcript"]


async def test_what_is_cut_while_the_answer_goes_on_stays_cut(speech_worker: SpeechWorker) -> None:
    async with direct(speech_worker) as held:
        release = held.hold("response.output_audio.delta")
        await held.type("hello")
        first = await held.until("response.output_audio.delta")
        place = {"item_id": first["item_id"], "content_index": 0}
        await held.send("conversation.item.truncate", **place, audio_end_ms=0)
        release.set()
        await held.until("response.done")
        deltas = [len(base64.b64decode(event["delta"])) // 48 for event in held.of("response.output_audio.delta")]
        await held.send("conversation.item.truncate", **place, audio_end_ms=sum(deltas), event_id="beyond")
        assert held.of("error")[0]["error"]["event_id"] == "beyond"
        await held.send("conversation.item.truncate", **place, audio_end_ms=sum(deltas[1:]) - len(deltas))
        assert len(held.of("conversation.item.truncated")) == 2


async def test_speech_does_not_cancel_where_the_session_forbids_it(speech_worker: SpeechWorker) -> None:
    async with direct(speech_worker) as held:
        await held.send("session.update", session=turn_detection(interrupt_response=False))
        release = held.hold("response.output_audio.delta")
        await held.type("hello")
        await held.until("response.output_audio.delta")
        await held.play(said("what is seven times eight"))
        await held.until(COMPLETED)
        release.set()
        assert (await held.until("response.done"))["response"]["status"] == "completed"
        assert "56" in (await held.until("response.output_audio_transcript.done", 2))["transcript"]


async def test_turning_answers_off_and_on_in_the_middle_of_a_phrase_loses_nothing_of_it(
    speech_worker: SpeechWorker,
) -> None:
    phrase = said("what is seven times eight")
    half = len(phrase) // 2
    async with direct(speech_worker) as held:
        await held.send("session.update", session=turn_detection(create_response=False, interrupt_response=False))
        await held.play(phrase[:half])
        await held.send("session.update", session=turn_detection(create_response=True, interrupt_response=True))
        await held.play(phrase[half:])
        assert (await held.until(COMPLETED))["transcript"].lower() == "what is seven times eight"
        assert "56" in (await held.until("response.output_audio_transcript.done"))["transcript"]


async def test_words_are_transcribed_where_that_was_asked_for_and_answered_anyway(speech_worker: SpeechWorker) -> None:
    async with direct(speech_worker, transcribed=False) as held:
        await held.play(said("what is seven times eight"))
        assert "56" in (await held.until("response.output_audio_transcript.done"))["transcript"]
        assert not [kind for kind in held.kinds() if "input_audio_transcription" in kind]
    async with direct(speech_worker) as held:
        await held.play(said("what is seven times eight"))
        completed = await held.until(COMPLETED)
        (delta,) = held.of("conversation.item.input_audio_transcription.delta")
        assert (delta["item_id"], delta["delta"]) == (completed["item_id"], completed["transcript"])


async def test_who_speaks_on_is_not_talked_over(speech_worker: SpeechWorker) -> None:
    async with direct(speech_worker) as held:
        release = held.hold(COMPLETED)
        await held.play(said("tell me a story"))
        await held.until(COMPLETED)
        await held.play(said("what is seven times eight"))
        release.set()
        answer = await held.until("response.output_audio_transcript.done")
        assert "56" in answer["transcript"]
        await held.until("response.done")
        assert len(held.of("response.created")) == 1


async def test_what_waits_is_bounded_and_answered_one_at_a_time(speech_worker: SpeechWorker) -> None:
    async with direct(speech_worker) as held:
        await held.send("session.update", session=turn_detection(interrupt_response=False))
        release = held.hold(COMPLETED)
        flood = asyncio.create_task(held.play(np.tile(said("hello"), 12)))
        await held.until("input_audio_buffer.speech_stopped", 9)
        assert len(held.of("input_audio_buffer.committed")) == 8
        assert not flood.done()
        release.set()
        await flood
        await held.until("response.done", 12)
        active = 0
        for kind in held.kinds():
            active += (kind == "response.created") - (kind == "response.done")
            assert active in (0, 1)


async def test_automatic_answers_can_be_turned_off(speech_worker: SpeechWorker) -> None:
    async with direct(speech_worker) as held:
        await held.send("session.update", session=turn_detection(create_response=False))
        await held.play(said("hello"))
        await held.until(COMPLETED)
        assert not held.of("response.created")
        await held.send("response.create")
        assert (await held.until("response.output_audio_transcript.done"))["transcript"].startswith("Hello")


async def test_push_to_talk_answers_what_was_committed_a_moment_ago(client: Client) -> None:
    await client.update(audio={"input": {"turn_detection": None}})
    await client.speak("what is seven times eight", silence_s=0.0)
    await client.send("input_audio_buffer.commit")
    await client.send("response.create")
    assert "56" in (await client.answer())[0]


async def test_a_commit_ends_the_turn_in_progress_without_an_answer(client: Client) -> None:
    await client.speak("hello", silence_s=0.0)
    started = await client.until("input_audio_buffer.speech_started")
    await client.send("input_audio_buffer.commit")
    stopped = await client.until("input_audio_buffer.speech_stopped")
    committed = await client.until("input_audio_buffer.committed")
    assert started["item_id"] == stopped["item_id"] == committed["item_id"]
    assert (await client.until(COMPLETED))["transcript"] == "hello"


async def test_a_buffer_that_nobody_commits_is_bounded(client: Client) -> None:
    await client.update(audio={"input": {"turn_detection": None, "format": {"type": "audio/pcm", "rate": 8000}}})
    minute = base64.b64encode(bytes(2 * 8000 * 61)).decode()
    await client.send("input_audio_buffer.append", audio=minute, event_id="long")
    error = await client.error()
    assert (error["code"], error["event_id"]) == ("input_audio_buffer_full", "long")
    await client.send("input_audio_buffer.append", audio="")
    await client.send("input_audio_buffer.commit")
    assert (await client.error())["code"] == "input_audio_buffer_commit_empty"


@pytest.mark.parametrize("silence_ms", [200, 800])
async def test_times_go_on_over_clears_and_new_settings(client: Client, silence_ms: int) -> None:
    await client.update(**turn_detection(silence_duration_ms=silence_ms, create_response=False))
    await client.play(np.tile(QUIET, 2), RATE_HZ)
    await client.send("input_audio_buffer.clear")
    wire = {"format": {"type": "audio/pcm", "rate": 16000}}
    await client.update(audio={"input": wire})
    await client.play(np.zeros(16000, np.int16), 16000)
    await client.speak("hello", rate_hz=16000)
    started = await client.until("input_audio_buffer.speech_started")
    stopped = await client.until("input_audio_buffer.speech_stopped")
    # Three seconds of silence and a quarter before the word, less the padding of 0.3 s.
    assert 2700 <= started["audio_start_ms"] <= 3300
    length_ms = 1000 * speech("hello", 16000, "en-us+f3").size / 16000
    assert silence_ms <= stopped["audio_end_ms"] - 3250 <= length_ms + silence_ms + 200


async def test_a_client_that_leaves_in_the_middle_leaves_nothing_running(speech_worker: SpeechWorker) -> None:
    async with direct(speech_worker) as held:
        held.hold("response.output_audio.delta")
        await held.type("Tell me a story")
        await held.until("response.output_audio.delta")
        await held.play(said("hello"))
        before = asyncio.all_tasks()
        assert len(before) > 1
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_response_that_breaks_is_a_failed_one(
    speech_worker: SpeechWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with direct(speech_worker) as held:
        monkeypatch.setattr(speech_worker, "speak", broken)
        await held.type("hello")
        done = await held.until("response.done")
        assert done["response"]["status"] == "failed"
        assert done["response"]["status_details"]["error"]["type"] == "server_error"
        monkeypatch.undo()
        await held.type("hello")
        assert (await held.until("response.done", 2))["response"]["status"] == "completed"


async def test_an_utterance_that_cannot_be_recognised_is_said_to_have_failed(
    speech_worker: SpeechWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with direct(speech_worker) as held:
        monkeypatch.setattr(speech_worker, "transcribe", broken)
        await held.play(said("hello"))
        failed = await held.until("conversation.item.input_audio_transcription.failed")
        assert failed["error"]["code"] == "transcription_failed"
        assert "did not catch" in (await held.until("response.output_audio_transcript.done"))["transcript"]


async def test_the_next_response_may_be_asked_for_as_soon_as_one_is_done(speech_worker: SpeechWorker) -> None:
    async with direct(speech_worker) as held:
        held.hold("response.done")
        await held.type("hello")
        await held.until("response.done")
        await held.type("goodbye")
        await held.until("response.done", 2)
        assert not held.of("error")


async def test_the_result_of_a_tool_does_not_hide_what_was_asked_since(speech_worker: SpeechWorker) -> None:
    async with direct(speech_worker) as held:
        tool = {"type": "function", "name": "get_weather"}
        await held.send("session.update", session={"tools": [tool], "output_modalities": ["text"]})
        await held.type("weather in Paris")
        call = (await held.until("response.output_item.done"))["item"]
        await held.until("response.done")
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "what is 7 x 8"}]}
        await held.send("conversation.item.create", item=item)
        output = {"type": "function_call_output", "call_id": call["call_id"], "output": "rain"}
        await held.send("conversation.item.create", item=output)
        await held.send("response.create")
        assert "56" in (await held.until("response.output_text.done"))["text"]


async def broken(*_: object) -> None:
    """Fail as a library does."""
    raise RuntimeError("broken")


def turn_detection(**values: Any) -> dict[str, Any]:
    """A session.update of turn detection alone."""
    return {"audio": {"input": {"turn_detection": {"type": "server_vad", **values}}}}
