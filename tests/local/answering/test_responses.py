"""Responses with wishes of their own: out of band, another context, instructions, bounds; and what they would cost."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.local.protocol.usage import Tokens, cached_part, text_tokens, tokens_of_item
from engine.local.speech_worker import SpeechWorker
from tests.local.client import Client
from tests.local.direct import direct

TEXT = ["text"]


def typed(text: str) -> dict[str, Any]:
    """A message of the user."""
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}


async def test_a_response_out_of_band_leaves_no_trace(client: Client) -> None:
    wishes = {"conversation": "none", "input": [typed("what is 7 x 8")], "output_modalities": TEXT}
    await client.send("response.create", response={**wishes, "metadata": {"topic": "sums"}})
    created = await client.until("response.created")
    assert created["response"]["metadata"] == {"topic": "sums"}
    done = (await client.until("response.done"))["response"]
    assert (done["metadata"], done["conversation_id"], done["status"]) == ({"topic": "sums"}, None, "completed")
    assert "56" in done["output"][0]["content"][0]["text"]
    assert not [e for e in client.events if e["type"].startswith("conversation.item")]
    await client.send("conversation.item.retrieve", item_id=done["output"][0]["id"])
    assert (await client.error())["code"] == "item_retrieve_invalid_item_id"


async def test_responses_out_of_band_run_beside_the_active_one(speech_worker: SpeechWorker) -> None:
    async with direct(speech_worker) as held:
        release = held.hold("response.output_audio.delta")
        await held.type("Tell me a story")
        await held.until("response.output_audio.delta")
        wishes = {"conversation": "none", "instructions": 'Say exactly: "All is well."', "output_modalities": TEXT}
        await held.send("response.create", response=wishes)
        done = (await held.until("response.done"))["response"]
        assert done["output"][0]["content"][0]["text"] == "All is well."
        await held.send("response.cancel", response_id=done["id"], event_id="late")
        assert held.of("error")[0]["error"]["code"] == "response_cancel_not_active"
        release.set()
        assert (await held.until("response.done", 2))["response"]["status"] == "completed"


async def test_a_response_may_be_given_another_context(client: Client) -> None:
    await client.send("conversation.item.create", item={**typed("what is 7 x 8"), "id": "sum"})
    await client.send("conversation.item.create", item=typed("hello"))
    for entries, expected in (
        ([{"type": "item_reference", "id": "sum"}], "56"),
        ([], "did not catch"),
        (None, "Hello"),
    ):
        wishes: dict[str, Any] = {"output_modalities": TEXT}
        await client.send("response.create", response=wishes if entries is None else {**wishes, "input": entries})
        assert expected in (await client.answer())[0]


@pytest.mark.parametrize(
    "instructions",
    [
        "Say exactly: pineapple",
        "Be brief.\nSpeak English.\nSay exactly: pineapple",
        "Say: nothing\nSay: pineapple\nNow.",
    ],
)
async def test_the_last_line_that_dictates_is_obeyed(client: Client, instructions: str) -> None:
    await client.send("response.create", response={"output_modalities": TEXT, "instructions": instructions})
    assert (await client.answer())[0] == "pineapple"


async def test_the_newest_message_is_answered_whoevers_it_is(client: Client) -> None:
    await client.update(output_modalities=TEXT)
    await client.type("what is 7 x 8")
    assert "56" in (await client.answer())[0]
    system = {"type": "message", "role": "system", "content": [{"type": "input_text", "text": "what is 2 + 2"}]}
    await client.send("conversation.item.create", item=system)
    await client.send("response.create")
    assert (await client.answer())[0] == "2 + 2 is 4."
    await client.type("hello")
    assert (await client.answer())[0].startswith("Hello")


async def test_an_image_is_kept_and_what_is_written_beside_it_answered(client: Client) -> None:
    image = {"type": "input_image", "image_url": "data:image/png;base64," + "A" * (2 << 20), "detail": "low"}
    words = {"type": "input_text", "text": "hello"}
    item = {"id": "seen", "type": "message", "role": "user", "content": [image, words]}
    await client.send("conversation.item.create", item=item)
    await client.send("conversation.item.retrieve", item_id="seen")
    assert (await client.until("conversation.item.retrieved"))["item"]["content"] == [image, words]
    await client.send("response.create", response={"output_modalities": TEXT})
    assert (await client.answer())[0].startswith("Hello")


async def test_rate_limits_follow_a_response(client: Client) -> None:
    await client.type("hello")
    await client.until("response.done")
    limits = (await client.receive())["rate_limits"]
    assert [limit["name"] for limit in limits] == ["requests", "tokens"]


async def test_instructions_of_one_response_dictate_or_ask(client: Client) -> None:
    wishes = {"output_modalities": TEXT}
    await client.send("response.create", response={**wishes, "instructions": "Say: Welcome to the museum!"})
    assert (await client.answer())[0] == "Welcome to the museum!"
    await client.send("response.create", response={**wishes, "instructions": "What is 7 x 8?", "input": []})
    assert "56" in (await client.answer())[0]


async def test_an_answer_is_cut_at_its_most_tokens(client: Client) -> None:
    await client.send("conversation.item.create", item=typed("Tell me a story"))
    await client.send("response.create", response={"output_modalities": TEXT, "max_output_tokens": 5})
    done = (await client.until("response.done"))["response"]
    assert done["status_details"] == {"type": "incomplete", "reason": "max_output_tokens"}
    assert done["output"][0]["status"] == "incomplete"
    assert 5 <= done["usage"]["output_tokens"] <= 8


async def test_a_tool_may_be_demanded(client: Client) -> None:
    tools = [{"type": "function", "name": "ring"}, {"type": "function", "name": "sing"}]
    await client.update(tools=tools)
    await client.send("conversation.item.create", item=typed("hello"))
    await client.send("response.create", response={"tool_choice": {"type": "function", "name": "sing"}})
    (call,) = (await client.until("response.done"))["response"]["output"]
    assert (call["type"], call["name"], call["arguments"]) == ("function_call", "sing", "{}")


@pytest.mark.parametrize(
    ("choice", "typed_text", "called"),
    [
        ("required", "hello", ("set_light", {"room": "hello", "percent": 1})),
        ("required", "call ring", ("ring", {})),
        ({"type": "function", "name": "ring"}, "call set light, kitchen, 50", ("ring", {})),
        ("auto", "call set light, kitchen, 50", ("set_light", {"room": "kitchen", "percent": 50})),
        ("none", "call set light, kitchen, 50", None),
        ("auto", "hello", None),
    ],
)
async def test_a_tool_is_called_where_that_is_required_or_it_is_named(
    client: Client, choice: Any, typed_text: str, called: tuple[str, dict[str, Any]] | None
) -> None:
    fields = {"room": {"type": "string"}, "percent": {"type": "integer"}}
    schema = {"type": "object", "properties": fields, "required": ["room", "percent"]}
    tools = [{"type": "function", "name": "set_light", "parameters": schema}, {"type": "function", "name": "ring"}]
    await client.update(tools=tools, output_modalities=TEXT)
    await client.send("conversation.item.create", item=typed(typed_text))
    await client.send("response.create", response={"tool_choice": choice})
    (item,) = (await client.until("response.done"))["response"]["output"]
    assert (called is None) == (item["type"] == "message")
    if called is not None:
        assert (item["name"], json.loads(item["arguments"])) == called


async def test_remote_servers_are_taken_and_said_not_to_be_listed(client: Client) -> None:
    remote = {
        "type": "mcp",
        "server_label": "docs",
        "server_url": "https://example.org/mcp",
        "require_approval": "never",
    }
    secret = {"authorization": "sesame", "headers": {"X-Key": "sesame"}}
    session = await client.update(tools=[{**remote, **secret}], tool_choice={"type": "mcp", "server_label": "docs"})
    assert session["tools"] == [remote]
    added = (await client.until("conversation.item.added"))["item"]
    assert (added["type"], added["server_label"], added["tools"]) == ("mcp_list_tools", "docs", [])
    assert (await client.until("mcp_list_tools.failed"))["item_id"] == added["id"]
    await client.update(tools=[remote], output_modalities=TEXT)
    await client.type("hello")
    assert (await client.answer())[0].startswith("Hello")
    assert len([event for event in client.events if event["type"] == "mcp_list_tools.failed"]) == 1


async def test_what_a_tool_has_found_is_not_looked_up_twice(client: Client) -> None:
    await client.update(tools=[{"type": "function", "name": "get_weather"}], output_modalities=TEXT)
    await client.type("weather in Paris")
    (call,) = (await client.until("response.done"))["response"]["output"]
    output = {"type": "function_call_output", "call_id": call["call_id"], "output": "rain"}
    await client.send("conversation.item.create", item=output)
    for expected in ("rain", "anything else", "anything else"):
        await client.send("response.create")
        assert expected in (await client.answer())[0]
    await client.type("weather in Rome")
    assert (await client.until("response.done"))["response"]["output"][0]["type"] == "function_call"


async def test_usage_counts_text_and_sound_apart_and_what_is_cached(client: Client) -> None:
    await client.update(instructions="x" * 400)
    await client.speak("what is seven times eight")
    first = (await client.until("response.done"))["response"]["usage"]
    given, made = first["input_token_details"], first["output_token_details"]
    assert given["text_tokens"] == 100
    assert given["audio_tokens"] > 10
    assert given["cached_tokens"] == 0
    spoken = [e for e in client.events if e["type"] == "response.output_audio.delta"]
    sound_ms = sum(len(e["delta"]) * 3 // 4 for e in spoken) / 48
    assert abs(made["audio_tokens"] - sound_ms / 50) <= 2
    assert made["text_tokens"] > 0
    await client.type("hello")
    second = (await client.until("response.done"))["response"]["usage"]
    assert second["input_tokens"] >= first["input_tokens"] + made["audio_tokens"]
    cached = second["input_token_details"]
    assert cached["cached_tokens"] % 64 == 0
    assert 64 <= cached["cached_tokens"] <= first["total_tokens"]
    assert cached["cached_tokens"] == sum(
        cached["cached_tokens_details"][name] for name in ("text_tokens", "audio_tokens", "image_tokens")
    )
    for usage in (first, second):
        assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
        for side in ("input", "output"):
            details = usage[f"{side}_token_details"]
            assert usage[f"{side}_tokens"] == details["text_tokens"] + details["audio_tokens"]


async def test_transcription_is_paid_by_time_or_by_tokens(client: Client) -> None:
    completed = "conversation.item.input_audio_transcription.completed"
    for model, kind in (("whisper-1", "duration"), ("gpt-transcribe", "duration"), ("gpt-4o-transcribe", "tokens")):
        await client.update(audio={"input": {"transcription": {"model": model}}})
        await client.speak("hello")
        usage = (await client.until(completed))["usage"]
        assert usage["type"] == kind
        await client.until("response.done")
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]


def test_the_rule_of_counting() -> None:
    assert [text_tokens("x" * length) for length in (0, 1, 4, 5)] == [0, 1, 1, 2]
    part = {"type": "input_audio", "transcript": "hello"}
    assert tokens_of_item({"role": "user", "content": [part]}, 1050) == Tokens(0, 11)
    answer = {"role": "assistant", "content": [{"type": "output_audio", "transcript": "hi"}]}
    assert tokens_of_item(answer, 1050) == Tokens(0, 21)
    assert tokens_of_item(answer, 0) == Tokens(1, 0)
    assert tokens_of_item({"call_id": "c", "output": "12345"}, 0) == Tokens(2, 0)
    assert cached_part(Tokens(100, 100), Tokens(90, 60)) == Tokens(90, 38)
    assert cached_part(Tokens(10, 10), Tokens(90, 60)) == Tokens()
