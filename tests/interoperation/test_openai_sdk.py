"""OpenAI's own client library holds a whole conversation with `voice serve`, and every event fits its types."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

import numpy as np
from openai import AsyncOpenAI
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from openai.types.realtime import RealtimeServerEvent
from openai.types.realtime.realtime_session_create_request_param import RealtimeSessionCreateRequestParam
from pydantic import TypeAdapter

from tests.support.speech import speech

RATE_HZ: Literal[24000] = 24000
_PATIENCE_S = 30.0
EVENT: TypeAdapter[RealtimeServerEvent] = TypeAdapter(RealtimeServerEvent)
SESSION: RealtimeSessionCreateRequestParam = {
    "type": "realtime",
    "instructions": "Be brief.",
    "output_modalities": ["audio"],
    "audio": {
        "input": {
            "format": {"type": "audio/pcm", "rate": RATE_HZ},
            "noise_reduction": {"type": "near_field"},
            "transcription": {"model": "gpt-4o-mini-transcribe", "language": "en"},
            "turn_detection": {"type": "semantic_vad", "eagerness": "high"},
        },
        "output": {"format": {"type": "audio/pcm", "rate": RATE_HZ}, "voice": "marin"},
    },
    "tools": [
        {
            "type": "function",
            "name": "get_weather",
            "description": "The weather of a city.",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        }
    ],
    "tool_choice": "auto",
    "tracing": None,
}


class Talker:
    """The library's connection, with every event it was sent."""

    def __init__(self, connection: AsyncRealtimeConnection) -> None:
        self.connection = connection
        self.events: list[dict[str, Any]] = []

    async def until(self, kind: str) -> Any:
        """Return the next event of a type as the library reads it; all on the way must fit its types."""
        async with asyncio.timeout(_PATIENCE_S):
            while True:
                data = await self.connection.recv_bytes()
                self.events.append(json.loads(data))
                EVENT.validate_json(data)
                event = self.connection.parse_event(data)
                assert event.type != "error" or kind == "error", event
                if event.type == kind:
                    return event

    async def say(self, text: str) -> None:
        """Speak, then be silent for a second."""
        said = np.concatenate([speech(text, RATE_HZ, "en-us+f3"), np.zeros(RATE_HZ, np.int16)])
        for start in range(0, said.size, RATE_HZ // 10):
            piece = said[start : start + RATE_HZ // 10].astype("<i2").tobytes()
            await self.connection.input_audio_buffer.append(audio=base64.b64encode(piece).decode())

    def sound_ms(self, item_id: str) -> int:
        """How much of an answer has come."""
        deltas = [e for e in self.events if e["type"] == "response.output_audio.delta" and e["item_id"] == item_id]
        return sum(len(base64.b64decode(event["delta"])) for event in deltas) // (2 * RATE_HZ // 1000)


@asynccontextmanager
async def talking(address: str) -> AsyncIterator[Talker]:
    """A connection of the library."""
    client = AsyncOpenAI(api_key="none", websocket_base_url=address)
    async with client.realtime.connect(model="gpt-realtime") as connection:
        talker = Talker(connection)
        await talker.until("session.created")
        yield talker
    await client.close()


async def test_a_whole_conversation(address: str) -> None:
    async with talking(address) as talker:
        connection = talker.connection
        await connection.session.update(session=SESSION)
        await connection.session.update(session={"type": "realtime", "instructions": "Be very brief."})
        await talker.until("session.updated")
        updated = await talker.until("session.updated")
        assert updated.session.audio.input.turn_detection.eagerness == "high"
        assert updated.session.instructions == "Be very brief."

        await talker.say("what is the weather in moscow")
        await talker.until("input_audio_buffer.speech_started")
        heard = await talker.until("conversation.item.input_audio_transcription.completed")
        assert heard.transcript == "what is the weather in moscow"
        assert heard.usage.type == "tokens"
        call = (await talker.until("response.done")).response.output[0]
        assert (call.type, call.name, json.loads(call.arguments)) == (
            "function_call",
            "get_weather",
            {"city": "Moscow"},
        )

        output = json.dumps({"city": "Moscow", "weather": "light snow"})
        await connection.conversation.item.create(
            item={"type": "function_call_output", "call_id": call.call_id, "output": output}
        )
        await connection.response.create(response={"metadata": {"turn": "weather"}})
        answer = (await talker.until("response.done")).response
        assert answer.metadata == {"turn": "weather"}
        assert "light snow" in answer.output[0].content[0].transcript
        assert talker.sound_ms(answer.output[0].id) > 500
        assert answer.usage.output_token_details.audio_tokens > 0
        assert answer.usage.input_token_details.audio_tokens > 0


async def test_an_answer_is_interrupted_and_cut(address: str) -> None:
    async with talking(address) as talker:
        connection = talker.connection
        await connection.session.update(session=SESSION)
        await connection.conversation.item.create(
            item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Tell me a story"}]},
            previous_item_id="root",
        )
        await connection.response.create()
        delta = await talker.until("response.output_audio.delta")
        await talker.say("what is seven times eight")
        await talker.until("input_audio_buffer.speech_started")
        await connection.conversation.item.truncate(item_id=delta.item_id, content_index=0, audio_end_ms=60)
        truncated = await talker.until("conversation.item.truncated")
        assert (truncated.item_id, truncated.audio_end_ms) == (delta.item_id, 60)
        done = await talker.until("response.output_audio_transcript.done")
        if done.item_id == delta.item_id:
            # The interrupted answer may end before its truncation or after it.
            done = await talker.until("response.output_audio_transcript.done")
        assert "56" in done.transcript
        await talker.until("response.done")
        await connection.conversation.item.retrieve(item_id=delta.item_id)
        kept = (await talker.until("conversation.item.retrieved")).item
        assert len(kept.content[0].transcript.split()) <= 3
        sent_ms = talker.sound_ms(delta.item_id)
        await connection.conversation.item.truncate(
            item_id=delta.item_id, content_index=0, audio_end_ms=sent_ms + 1, event_id="beyond"
        )
        error = (await talker.until("error")).error
        assert (error.event_id, error.param) == ("beyond", "audio_end_ms")


async def test_push_to_talk_text_and_a_response_out_of_band(address: str) -> None:
    async with talking(address) as talker:
        connection = talker.connection
        await connection.session.update(
            session={
                "type": "realtime",
                "output_modalities": ["text"],
                "audio": {"input": {"format": {"type": "audio/pcm", "rate": RATE_HZ}, "turn_detection": None}},
            }
        )
        await talker.say("hello")
        await connection.input_audio_buffer.clear()
        await talker.until("input_audio_buffer.cleared")
        await talker.say("what is seven times eight")
        await connection.input_audio_buffer.commit()
        await connection.response.create()
        assert "56" in (await talker.until("response.output_text.done")).text
        await talker.until("response.done")
        await connection.response.create(
            response={
                "conversation": "none",
                "input": [],
                "instructions": "Say: Goodbye.",
                "metadata": {"kind": "aside"},
            }
        )
        aside = (await talker.until("response.done")).response
        assert (aside.metadata, aside.output[0].content[0].text) == ({"kind": "aside"}, "Goodbye.")


async def test_a_client_of_the_beta_is_spoken_to_in_the_beta(address: str) -> None:
    client = AsyncOpenAI(api_key="none", websocket_base_url=address)
    async with (
        client.beta.realtime.connect(model="gpt-4o-realtime-preview") as connection,
        asyncio.timeout(_PATIENCE_S),
    ):
        await connection.session.update(
            session={
                "modalities": ["audio", "text"],
                "voice": "alloy",
                "input_audio_format": "g711_ulaw",
                "output_audio_format": "g711_ulaw",
                "turn_detection": {"type": "server_vad"},
                "temperature": 0.8,
            }
        )
        await connection.conversation.item.create(
            item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hello"}]}
        )
        await connection.response.create()
        sound, seen = b"", set()
        async for event in connection:
            seen.add(event.type)
            if event.type == "session.updated":
                assert event.session.output_audio_format == "g711_ulaw"
                assert event.session.modalities == ["audio", "text"]
            if event.type == "response.audio.delta":
                sound += base64.b64decode(event.delta)
            if event.type == "response.done":
                assert event.response.output is not None
                assert event.response.output[0].content is not None
                assert event.response.output[0].content[0].transcript == "Hello! How can I help you?"
                break
        assert {"session.updated", "conversation.item.created", "response.audio_transcript.delta"} <= seen
        assert len(sound) > 8000
    await client.close()
