"""The shapes and codings that clients of both protocols use: telephone audio, beta sessions, semantic turns."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import numpy as np
import pytest

from engine.dsp.g711 import Law, decode, encode
from engine.local.protocol.beta import beta_events, ga_shape
from engine.local.speech_worker import SpeechWorker
from tests.local.client import Client
from tests.local.direct import Direct, direct
from tests.support.speech import speech

RATE_HZ = 24000
COMPLETED = "conversation.item.input_audio_transcription.completed"
LAWS = {"audio/pcmu": Law.MU, "audio/pcma": Law.A}


def sound_of(events: list[dict[str, Any]]) -> bytes:
    """All audio that was sent."""
    return b"".join(base64.b64decode(e["delta"]) for e in events if e["type"] == "response.output_audio.delta")


@pytest.mark.parametrize("kind", LAWS)
async def test_a_telephone_is_understood_and_answered_in_its_coding(client: Client, kind: str) -> None:
    session = await client.update(audio={"input": {"format": {"type": kind}}, "output": {"format": {"type": kind}}})
    assert session["audio"]["output"]["format"]["type"] == kind
    said = speech("hello", 8000, "en-us+f3")
    line = np.concatenate([np.zeros(2000, np.int16), said, np.zeros(8000, np.int16)])
    coded = encode(line, LAWS[kind]).tobytes()
    for at in range(0, len(coded), 160):
        await client.send("input_audio_buffer.append", audio=base64.b64encode(coded[at : at + 160]).decode())
    started = await client.until("input_audio_buffer.speech_started")
    # Times are those of 8 kHz at a byte a sample: speech began after a quarter of a second, the padding before.
    assert started["audio_start_ms"] <= 300
    assert (await client.until(COMPLETED))["transcript"] == "hello"
    (said_back,) = (await client.until("response.done"))["response"]["output"]
    assert said_back["content"][0]["transcript"].startswith("Hello")
    answer = decode(np.frombuffer(sound_of(client.events), np.uint8), LAWS[kind])
    assert 1.0 < answer.size / 8000 < 6.0
    assert np.sqrt(np.mean(np.square(answer.astype(np.float64)))) > 300


async def test_a_telephone_may_be_truncated_to_the_millisecond(client: Client) -> None:
    await client.update(audio={"output": {"format": {"type": "audio/pcma"}}})
    await client.type("hello")
    item = (await client.until("response.done"))["response"]["output"][0]["id"]
    length_ms = len(sound_of(client.events)) // 8
    place = {"item_id": item, "content_index": 0}
    await client.send("conversation.item.truncate", **place, audio_end_ms=length_ms + 1)
    assert (await client.error())["message"] == (
        f"Audio content of {length_ms}ms is already shorter than {length_ms + 1}ms"
    )
    await client.send("conversation.item.truncate", **place, audio_end_ms=length_ms)
    await client.until("conversation.item.truncated")


async def test_a_session_of_the_beta_is_taken_at_its_place_in_ga(client: Client) -> None:
    await client.send(
        "session.update",
        session={
            "modalities": ["text", "audio"],
            "voice": "ash",
            "input_audio_format": "g711_ulaw",
            "output_audio_format": "pcm16",
            "input_audio_transcription": {"model": "whisper-1"},
            "turn_detection": {"type": "server_vad", "silence_duration_ms": 200},
            "temperature": 0.8,
            "max_response_output_tokens": 4096,
        },
    )
    session = (await client.until("session.updated"))["session"]
    assert session["output_modalities"] == ["text", "audio"]
    assert session["audio"]["input"]["format"]["type"] == "audio/pcmu"
    assert session["audio"]["input"]["transcription"] == {"model": "whisper-1"}
    assert session["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 200
    assert session["audio"]["output"]["voice"] == "ash"
    assert session["max_output_tokens"] == 4096
    assert "voice" not in session


def test_the_betas_names_cover_what_was_renamed() -> None:
    added = {"type": "conversation.item.added", "item": {"content": [{"type": "output_audio", "transcript": "Hi"}]}}
    assert beta_events(added) == [
        {"type": "conversation.item.created", "item": {"content": [{"type": "audio", "transcript": "Hi"}]}}
    ]
    assert beta_events({**added, "type": "conversation.item.done"}) == []
    assert ga_shape({"turn_detection": None}) == {"audio": {"input": {"turn_detection": None}}}
    assert ga_shape({"audio": {"input": {"format": 1}}, "voice": "ash"}) == {
        "audio": {"input": {"format": 1}, "output": {"voice": "ash"}}
    }


@pytest.mark.parametrize(("eagerness", "silence_ms"), [("high", 300), ("auto", 500), ("low", 1000)])
async def test_semantic_turns_wait_as_long_as_their_eagerness_says(
    speech_worker: SpeechWorker, eagerness: str, silence_ms: int
) -> None:
    async with direct(speech_worker) as held:
        detection = {"type": "semantic_vad", "eagerness": eagerness, "create_response": False}
        await held.send("session.update", session={"audio": {"input": {"turn_detection": detection}}})
        updated = await held.until("session.updated")
        assert updated["session"]["audio"]["input"]["turn_detection"] == {**detection, "interrupt_response": True}
        said = speech("hello", RATE_HZ, "en-us+f3")
        await held.play(np.concatenate([said, np.zeros(2 * RATE_HZ, np.int16)]))
        stopped = await held.until("input_audio_buffer.speech_stopped")
        length_ms = 1000 * said.size / RATE_HZ
        assert length_ms - 400 + silence_ms <= stopped["audio_end_ms"] <= length_ms + silence_ms + 200


async def test_updates_may_follow_each_other_without_waiting(client: Client) -> None:
    for number in range(5):
        await client.send("session.update", session={"instructions": str(number)}, event_id=f"update_{number}")
    seen = [(await client.until("session.updated"))["session"]["instructions"] for _ in range(5)]
    assert seen == ["0", "1", "2", "3", "4"]


async def test_a_voice_that_was_heard_stays(client: Client) -> None:
    await client.update(audio={"output": {"voice": "marin"}})
    await client.type("hello")
    await client.until("response.done")
    await client.send("session.update", session={"audio": {"output": {"voice": "ash"}}}, event_id="v")
    error = await client.error()
    assert (error["code"], error["event_id"]) == ("cannot_update_voice", "v")
    assert (await client.update(audio={"output": {"voice": "marin"}}))["audio"]["output"]["voice"] == "marin"


async def test_sound_in_an_item_is_heard(client: Client) -> None:
    said = base64.b64encode(speech("what is seven times eight", RATE_HZ, "en-us+f3").astype("<i2").tobytes()).decode()
    content = [{"type": "input_audio", "audio": said}]
    await client.send("conversation.item.create", item={"type": "message", "role": "user", "content": content})
    await client.send("response.create")
    created = await client.until("conversation.item.added")
    assert "audio" not in created["item"]["content"][0]
    assert "56" in (await client.answer())[0]


async def test_items_are_put_at_the_front_and_retrieved(client: Client) -> None:
    for item_id, before in (("b", None), ("a", "root"), ("c", "b")):
        content = [{"type": "input_text", "text": item_id}]
        item = {"id": item_id, "type": "message", "role": "user", "content": content}
        await client.send("conversation.item.create", item=item, previous_item_id=before)
        added = await client.until("conversation.item.done")
        assert added["previous_item_id"] == {"b": None, "a": None, "c": "b"}[item_id]
    await client.send("conversation.item.retrieve", item_id="a")
    assert (await client.until("conversation.item.retrieved"))["item"]["content"][0]["text"] == "a"


async def test_an_answer_is_heard_at_its_speed(speech_worker: SpeechWorker) -> None:
    lengths = []
    for speed in (1.0, 1.5):
        async with direct(speech_worker) as held:
            await held.send("session.update", session={"audio": {"output": {"speed": speed}}})
            await held.type("hello")
            await held.until("response.done")
            lengths.append(len(sound_of(held.events)))
    assert lengths[1] < 0.85 * lengths[0]


async def test_silence_after_an_answer_is_asked_about_once_per_answer(speech_worker: SpeechWorker) -> None:
    async with direct(speech_worker) as held:
        detection = {"type": "server_vad", "idle_timeout_ms": 5000}
        await held.send("session.update", session={"audio": {"input": {"turn_detection": detection}}})
        await held.type("hello")
        await held.until("response.done")
        played_ms = len(sound_of(held.events)) // (2 * RATE_HZ // 1000)
        await quiet(held, 5000 + played_ms - 200)
        assert not held.of("input_audio_buffer.timeout_triggered")
        await quiet(held, 300)
        (triggered,) = held.of("input_audio_buffer.timeout_triggered")
        assert abs(triggered["audio_start_ms"] - played_ms) <= 1
        assert triggered["audio_end_ms"] >= triggered["audio_start_ms"] + 5000
        asked = await held.until("response.output_audio_transcript.done", 2)
        assert asked["transcript"] == "Are you still there?"
        await held.until("response.done", 2)


async def quiet(held: Direct, length_ms: int) -> None:
    """Play silence, a tenth of a second at a time."""
    for _ in range(length_ms // 100):
        await held.play(np.zeros(RATE_HZ // 10, np.int16))
    await asyncio.sleep(0)
