"""One client takes its share and no more: of memory, of the event loop, and of the thread that hears and speaks."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest

from engine.local.hearing import voice_activity
from engine.local.items import MAX_CHARACTERS, MAX_ITEMS, Items
from engine.local.speech_worker import SpeechWorker
from tests.local.client import Client
from tests.local.direct import direct
from tests.support.speech import speech

COMPLETED = "conversation.item.input_audio_transcription.completed"
TEXT = ["text"]


def typed(text: str) -> dict[str, Any]:
    """A message of the user."""
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}


def sound() -> dict[str, Any]:
    """A part of a message that says goodbye."""
    samples = speech("goodbye", 24000, "en-us+f3").astype("<i2")
    return {"type": "input_audio", "audio": base64.b64encode(samples.tobytes()).decode()}


def many_values() -> dict[str, Any]:
    """An object that takes long to read, in 600 kB."""
    return {"content": [[] for _ in range(200_000)]}


@pytest.mark.parametrize(
    ("message", "code", "param"),
    [
        ({"type": "conversation.item.create", "item": many_values()}, "invalid_json", None),
        ({"type": "response.create", "response": {"input": [typed("x")] * 257}}, "invalid_value", "response.input"),
        (
            {"type": "conversation.item.create", "item": {**typed(""), "content": [{"type": "x"}] * 257}},
            "invalid_value",
            "item.content",
        ),
        ({"type": "session.update", "session": {"tools": [{}] * 257}}, "invalid_value", "session.tools"),
        ({"type": "session.update", "session": {"prompt": {"x": float("nan")}}}, "invalid_json", None),
        (
            {"type": "conversation.item.truncate", "item_id": "x", "content_index": 0, "audio_end_ms": 10**400},
            "invalid_value",
            "audio_end_ms",
        ),
    ],
    ids=["values", "input", "content", "tools", "nan", "integer"],
)
async def test_what_is_too_much_of_anything_is_refused(
    client: Client, message: dict[str, Any], code: str, param: str | None
) -> None:
    await client.socket.send_str(json.dumps(message))
    error = await client.error()
    assert (error["code"], error["param"]) == (code, param)


def test_an_item_is_measured_once_and_the_oldest_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    dumps = Mock(wraps=json.dumps)
    monkeypatch.setattr("engine.local.items.json.dumps", dumps)
    conversation = Items()
    for number in range(MAX_ITEMS + 10):
        conversation.add({**typed("x"), "id": str(number)})
    assert dumps.call_count == MAX_ITEMS + 10
    assert [conversation.stored[index].item["id"] for index in (0, -1)] == ["10", str(MAX_ITEMS + 9)]
    conversation.add({**typed("x" * (MAX_CHARACTERS // 2)), "id": "long"})
    conversation.delete("long")
    conversation.add({**typed("x" * (MAX_CHARACTERS // 2)), "id": "longer"})
    assert len(conversation.stored) == MAX_ITEMS


async def test_the_sounds_of_items_wait_as_turns_do(speech_worker: SpeechWorker) -> None:
    async with direct(speech_worker) as held:
        release = held.hold(COMPLETED)
        item = {"type": "message", "role": "user", "content": [sound()] * 12}
        flood = asyncio.create_task(held.send("conversation.item.create", item=item))
        await held.until(COMPLETED, 8)
        assert not flood.done()
        release.set()
        await flood
        await held.until(COMPLETED, 12)


async def test_the_worker_takes_clients_in_turn(speech_worker: SpeechWorker) -> None:
    async with direct(speech_worker) as greedy, direct(speech_worker) as other:
        item = {"type": "message", "role": "user", "content": [sound()] * 8}
        await greedy.send("conversation.item.create", item=item)
        await other.type("goodbye")
        await other.until("response.output_audio.delta")
        assert len(greedy.of(COMPLETED)) <= 3
        await greedy.until(COMPLETED, 8)


async def test_sessions_share_detectors_and_who_only_types_has_none(
    speech_worker: SpeechWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Mock(wraps=voice_activity._silero)
    monkeypatch.setattr(voice_activity, "_IDLE", [])
    monkeypatch.setattr(voice_activity, "_silero", made)
    async with direct(speech_worker) as held:
        await held.type("hello")
        await held.until("response.done")
        made.assert_not_called()
    for _ in range(3):
        async with direct(speech_worker) as held:
            for _ in range(3):
                await held.play(np.zeros(2400, np.int16))
                await held.send("input_audio_buffer.clear")
    made.assert_called_once()


async def test_a_detector_that_was_used_hears_as_a_new_one_does(speech_worker: SpeechWorker) -> None:
    said = np.concatenate([speech("hello", 24000, "en-us+f3"), np.zeros(24000, np.int16)])
    times = []
    for _ in range(2):
        async with direct(speech_worker) as held:
            await held.play(said)
            times.append((await held.until("input_audio_buffer.speech_stopped"))["audio_end_ms"])
            await held.play(said[:4000])
    assert times[0] == times[1]


async def test_an_answer_has_an_end_though_no_bound_was_asked_for(client: Client) -> None:
    await client.update(output_modalities=TEXT)
    for number in range(30):
        call = {"type": "function_call", "name": "look", "arguments": "{}", "call_id": str(number)}
        await client.send("conversation.item.create", item=call)
        output = {"type": "function_call_output", "call_id": str(number), "output": "word " * 1000}
        await client.send("conversation.item.create", item=output)
    await client.send("response.create")
    done = (await client.until("response.done"))["response"]
    assert done["status_details"] == {"type": "incomplete", "reason": "max_output_tokens"}
    assert 4096 <= done["usage"]["output_tokens"] < 4110
