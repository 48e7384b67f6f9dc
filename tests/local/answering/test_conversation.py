"""The embedded agent as a client meets it: it listens, calls tools, speaks, and can be interrupted."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest
import soxr

from engine.local.answering.cities import CITIES
from engine.local.speech_worker import SpeechWorker
from tests.local.client import Client
from tests.support.speech import speech

WEATHER = {"type": "function", "name": "get_weather", "parameters": {"type": "object"}}


async def call_of(client: Client) -> dict[str, object]:
    """The function call of the next response."""
    done = await client.until("response.done")
    (item,) = done["response"]["output"]
    assert item["type"] == "function_call"
    return dict(item)


async def answer_call(client: Client, call: dict[str, object], output: str) -> None:
    """Return what the tool said and ask for the answer."""
    item = {"type": "function_call_output", "call_id": call["call_id"], "output": output}
    await client.send("conversation.item.create", item=item)
    await client.send("response.create")


async def test_spoken_question_tool_and_spoken_answer(client: Client) -> None:
    await client.update(tools=[WEATHER])
    await client.speak("what is the weather in Moscow")
    stopped = await client.until("input_audio_buffer.speech_stopped")
    transcript = await client.until("conversation.item.input_audio_transcription.completed")
    assert transcript["transcript"].lower() == "what is the weather in moscow"
    call = await call_of(client)
    assert call["name"] == "get_weather"
    assert json.loads(str(call["arguments"])) == {"city": "Moscow"}
    await answer_call(client, call, json.dumps({"temperature_c": 21, "sky": "cloudless"}))
    text, sound = await client.answer()
    assert text == "temperature 21 degrees, cloudless."
    assert 1.0 < sound.size / 24000 < 15.0
    assert np.max(np.abs(sound)) > 3000
    started = next(e for e in client.events if e["type"] == "input_audio_buffer.speech_started")
    assert 0 <= started["audio_start_ms"] < stopped["audio_end_ms"]


@pytest.mark.parametrize("voice", ["en-us+f3", "en-gb"])
async def test_spoken_arithmetic(client: Client, voice: str) -> None:
    await client.speak("what is seven times eight", voice=voice)
    transcript = await client.until("conversation.item.input_audio_transcription.completed")
    assert transcript["transcript"] == "what is seven times eight"
    assert "56" in (await client.answer())[0]


@pytest.mark.parametrize("rate_hz", [8000, 16000, 22050, 44100, 48000])
async def test_any_wire_rate_both_ways(client: Client, speech_worker: SpeechWorker, rate_hz: int) -> None:
    wire = {"format": {"type": "audio/pcm", "rate": rate_hz}}
    await client.update(audio={"input": wire, "output": wire})
    await client.speak("goodbye", rate_hz=rate_hz)
    assert (await client.until("conversation.item.input_audio_transcription.completed"))["transcript"] == "goodbye"
    text, sound = await client.answer()
    assert text == "Goodbye!"
    # The agent's own word, at the rate it claims to have, is understood by the agent.
    quiet = np.zeros(rate_hz // 4, np.int16)
    heard = soxr.resample(np.concatenate([quiet, sound, quiet]), rate_hz, 16000, "HQ")
    assert await speech_worker.transcribe(heard) == "goodbye"
    seconds = speech("Goodbye!", 16000, "en-us", 165).size / 16000
    assert sound.size / rate_hz == pytest.approx(seconds, rel=0.03)


async def test_the_story_lasts_half_a_minute_and_arrives_at_once(client: Client) -> None:
    await client.type("Tell me a story")
    text, sound = await client.answer()
    assert sound.size / 24000 >= 30
    assert len(text.split()) > 80


async def test_speaking_interrupts_the_answer(client: Client) -> None:
    await client.type("Tell me a story")
    await client.until("response.output_audio.delta")
    await client.speak("what is seven times eight")
    await client.until("input_audio_buffer.speech_started")
    while (event := await client.until("response.done", "response.output_audio.delta"))["type"] != "response.done":
        pytest.fail("sound of the old answer after speech_started")
    assert event["response"]["status"] in ("cancelled", "completed")
    assert "56" in (await client.answer())[0]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("Hello", r"Hello!"),
        ("Привет", r"Здравствуйте"),
        ("What time is it?", r"It is \d\d:\d\d"),
        ("Который час?", r"Сейчас \d\d:\d\d"),
        ("what is seven times eight", r"\b56\b"),
        ("What is 12.5 + 4?", r"16\.5"),
        ("сколько будет семь умножить на восемь", r"\b56\b"),
        ("what is one divided by zero", r"divide by zero"),
        ("Thank you!", r"welcome"),
        ("Спасибо", r"Пожалуйста"),
        ("goodbye", r"Goodbye"),
        ("До свидания", r"До свидания"),
        ("colourless green ideas", r"I can"),
        ("weather", r"Which city"),
        ("Расскажи сказку", r"[а-я]{3}"),
    ],
)
async def test_typed_questions_in_both_languages(client: Client, typed: str, expected: str) -> None:
    await client.update(output_modalities=["text"])
    await client.type(typed)
    text, sound = await client.answer()
    assert re.search(expected, text)
    assert sound.size == 0


@pytest.mark.parametrize(
    ("typed", "city"), [("weather in New York please", "New York"), ("какая погода в Казани", "Казан")]
)
async def test_typed_weather_calls_the_tool(client: Client, typed: str, city: str) -> None:
    await client.update(tools=[WEATHER])
    await client.type(typed)
    call = await call_of(client)
    assert json.loads(str(call["arguments"]))["city"].startswith(city)


async def test_typed_weather_of_every_city(client: Client) -> None:
    assert len(CITIES) >= 40
    await client.update(tools=[WEATHER])
    for city, (nominative, behind_in) in CITIES.items():
        for typed, named in ((f"What's the weather like in {city}?", city), (f"Погода в {behind_in}?", nominative)):
            await client.type(typed)
            assert json.loads(str((await call_of(client))["arguments"])) == {"city": named}


async def test_a_russian_question_has_a_russian_answer(client: Client) -> None:
    await client.update(tools=[WEATHER])
    await client.type("Какая погода в Москве?")
    await answer_call(client, await call_of(client), '{"city": "Moscow", "temperature_c": -2, "wind_m_s": 1.5}')
    text, sound = await client.answer()
    assert text == "Moscow, температура минус 2 градуса, ветер 1,5 метра в секунду."
    assert sound.size > 2 * 24000


async def test_results_of_several_calls_are_told_in_one_answer(client: Client) -> None:
    calls = [{"type": "function_call", "name": "get_weather", "arguments": "{}", "call_id": name} for name in "ab"]
    outputs = [{"type": "function_call_output", "call_id": name, "output": f"result {name}"} for name in "ba"]
    for item in (*calls, *outputs):
        await client.send("conversation.item.create", item=item)
    await client.send("response.create")
    assert (await client.answer())[0] == "result b. result a."


async def test_one_response_may_be_written_or_without_tools(client: Client) -> None:
    await client.update(tools=[WEATHER])
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "weather in Oslo"}]}
    await client.send("conversation.item.create", item=item)
    await client.send("response.create", response={"output_modalities": ["text"], "tool_choice": "none"})
    text, sound = await client.answer()
    assert "no way to look up" in text
    assert sound.size == 0
    await client.send("response.create")
    assert (await call_of(client))["name"] == "get_weather"


@pytest.mark.parametrize(
    "output",
    [
        '{"a": {"b": [1, {"c": "deep"}]}, "deeper": "deep"}',
        '["deep", 1.5, null, true]',
        '"deep"',
        "deep, and no JSON {",
        '{"deep": NaN}',
        '{"x": 1e400, "y": "deep"}',
        '{"deep": "' + "word " * 5000 + '"}',
        '{"deep": "\\ud800\\u0000<speak>[[x]]"}',
    ],
)
async def test_whatever_a_tool_returned_is_spoken(client: Client, output: str) -> None:
    await client.update(tools=[WEATHER])
    await client.type("weather in Paris")
    call = await call_of(client)
    await answer_call(client, call, output)
    text, sound = await client.answer()
    assert "deep" in text
    assert sound.size > 2400


async def test_metadata_is_echoed_and_a_retrieved_item_is_the_one_that_was_said(client: Client) -> None:
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hello"}]}
    await client.send("conversation.item.create", item=item, previous_item_id="root")
    await client.send("response.create", response={"metadata": {"turn": "1"}})
    done = await client.until("response.done")
    assert done["response"]["metadata"] == {"turn": "1"}
    said = done["response"]["output"][0]["id"]
    await client.send("conversation.item.retrieve", item_id=said)
    assert (await client.until("conversation.item.retrieved"))["item"]["id"] == said


async def test_a_told_answer_is_replaced_in_its_place_and_a_wrong_correction_refused(client: Client) -> None:
    def told(item_id: str, role: str) -> dict[str, Any]:
        kind = "output_text" if role == "assistant" else "input_text"
        return {"id": item_id, "type": "message", "role": role, "content": [{"type": kind, "text": item_id}]}

    for item_id, role in (("u1", "user"), ("a1", "assistant"), ("u2", "user")):
        await client.send("conversation.item.create", item=told(item_id, role))
        await client.until("conversation.item.done")
    await client.send("conversation.item.create", item=told("a2", "assistant"), previous_item_id="a1")
    await client.send("conversation.item.delete", item_id="a1")
    assert (await client.until("conversation.item.done"))["previous_item_id"] == "a1"
    assert (await client.until("conversation.item.deleted"))["item_id"] == "a1"
    await client.send("conversation.item.create", item=told("a3", "assistant"), previous_item_id="a2")
    assert (await client.until("conversation.item.done"))["previous_item_id"] == "a2"
    for kind, fields, code in (
        ("conversation.item.delete", {"item_id": "a1"}, "item_delete_invalid_item_id"),
        ("conversation.item.create", {"item": told("u2", "user")}, "item_create_invalid_item_id"),
        ("conversation.item.create", {"item": told("a4", "user"), "previous_item_id": "a1"}, "item_not_found"),
        ("conversation.item.truncate", {"item_id": "a2", "content_index": 0, "audio_end_ms": 0}, "invalid_value"),
    ):
        await client.send(kind, **fields)
        assert (await client.error())["code"] == code


async def test_truncate_and_delete(client: Client) -> None:
    await client.type("hello")
    done = await client.until("response.done")
    said = done["response"]["output"][0]["id"]
    await client.send("conversation.item.truncate", item_id=said, content_index=0, audio_end_ms=500)
    truncated = await client.until("conversation.item.truncated")
    assert (truncated["item_id"], truncated["audio_end_ms"]) == (said, 500)
    await client.send("conversation.item.delete", item_id=said)
    assert (await client.until("conversation.item.deleted"))["item_id"] == said
    await client.send("conversation.item.retrieve", item_id=said)
    assert (await client.error())["code"] == "item_retrieve_invalid_item_id"


async def test_push_to_talk_by_commit(client: Client) -> None:
    await client.update(audio={"input": {"turn_detection": None}})
    await client.speak("hello")
    await client.send("input_audio_buffer.commit")
    assert (await client.until("conversation.item.input_audio_transcription.completed"))["transcript"] == "hello"
    await client.send("response.create")
    assert (await client.answer())[0].startswith("Hello")


async def test_cleared_audio_is_forgotten(client: Client) -> None:
    await client.update(audio={"input": {"turn_detection": None}})
    await client.speak("hello")
    await client.send("input_audio_buffer.clear")
    await client.until("input_audio_buffer.cleared")
    await client.send("input_audio_buffer.commit")
    assert (await client.error())["code"] == "input_audio_buffer_commit_empty"
