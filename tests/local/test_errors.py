"""What is wrong is answered with an error that names the event and the field, and the session goes on."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import aiohttp
import pytest

from tests.local.client import Client, connect


def session_with(*, at: str, **values: Any) -> tuple[dict[str, Any], str, str]:
    """A session.update whose value `at` the end of a path is refused."""
    return {"type": "session.update", "session": {"type": "realtime", **values}}, "invalid_value", at


def vad(**values: Any) -> dict[str, Any]:
    """Turn detection with some values."""
    return {"type": "server_vad", **values}


def item_of(**values: Any) -> dict[str, Any]:
    """A conversation.item.create."""
    return {"type": "conversation.item.create", "item": values}


def nested(levels: int) -> Any:
    """Lists in lists in an object."""
    inner: Any = []
    for _ in range(levels):
        inner = [inner]
    return {"content": inner}


WRONG: dict[str, tuple[dict[str, Any], str, str | None]] = {
    "unknown type": ({"type": "input_audio.append"}, "invalid_value", "type"),
    "no type": ({"audio": "AAAA"}, "missing_required_parameter", "type"),
    "no audio": ({"type": "input_audio_buffer.append"}, "missing_required_parameter", "audio"),
    "audio is a number": ({"type": "input_audio_buffer.append", "audio": 7}, "invalid_type", "audio"),
    "base64 garbage": ({"type": "input_audio_buffer.append", "audio": "!!!!"}, "invalid_value", "audio"),
    "odd byte": ({"type": "input_audio_buffer.append", "audio": "AAAA"}, "invalid_value", "audio"),
    "unknown field": ({"type": "response.cancel", "now": True}, "unknown_parameter", "now"),
    "commit of nothing": ({"type": "input_audio_buffer.commit"}, "input_audio_buffer_commit_empty", None),
    "cancel of nothing": ({"type": "response.cancel"}, "response_cancel_not_active", None),
    "no such item": ({"type": "conversation.item.delete", "item_id": "item_x"}, "item_delete_invalid_item_id", None),
    "no such item to retrieve": (
        {"type": "conversation.item.retrieve", "item_id": "item_x"},
        "item_retrieve_invalid_item_id",
        None,
    ),
    "truncate of no item": (
        {"type": "conversation.item.truncate", "item_id": "item_x", "content_index": 0, "audio_end_ms": 0},
        "item_truncate_invalid_item_id",
        None,
    ),
    "rate": (
        {
            "type": "session.update",
            "session": {"type": "realtime", "audio": {"input": {"format": {"type": "audio/pcm", "rate": 7999}}}},
        },
        "invalid_value",
        "session.audio.input.format.rate",
    ),
    "threshold": (
        {
            "type": "session.update",
            "session": {
                "type": "realtime",
                "audio": {"input": {"turn_detection": {"type": "server_vad", "threshold": 2}}},
            },
        },
        "invalid_value",
        "session.audio.input.turn_detection.threshold",
    ),
    "event_id": ({"type": "response.cancel", "event_id": 7}, "invalid_type", "event_id"),
    "nested too deep": ({"type": "conversation.item.create", "item": nested(100)}, "invalid_json", None),
    "padding": session_with(audio={"input": {"turn_detection": vad(prefix_padding_ms=-1)}}, at="prefix_padding_ms"),
    "huge padding": session_with(
        audio={"input": {"turn_detection": vad(prefix_padding_ms=10**400)}}, at="prefix_padding_ms"
    ),
    "silence": session_with(
        audio={"input": {"turn_detection": vad(silence_duration_ms=10**9)}}, at="silence_duration_ms"
    ),
    "other detection": session_with(audio={"input": {"turn_detection": {"type": "psychic_vad"}}}, at="type"),
    "parameter of another detection": (
        {
            "type": "session.update",
            "session": {"audio": {"input": {"turn_detection": {"type": "semantic_vad", "threshold": 0.5}}}},
        },
        "unknown_parameter",
        "turn_detection.threshold",
    ),
    "eagerness": session_with(
        audio={"input": {"turn_detection": {"type": "semantic_vad", "eagerness": "wild"}}}, at="eagerness"
    ),
    "idle timeout": session_with(audio={"input": {"turn_detection": vad(idle_timeout_ms=10)}}, at="idle_timeout_ms"),
    "speed": session_with(audio={"output": {"speed": 9}}, at="session.audio.output.speed"),
    "most tokens": session_with(max_output_tokens="many", at="session.max_output_tokens"),
    "tool choice": session_with(tool_choice="perhaps", at="session.tool_choice"),
    "choice of a tool that is not there": session_with(
        tool_choice={"type": "function", "name": "sing"}, at="session.tool_choice"
    ),
    "format of the beta": (
        {"type": "session.update", "session": {"input_audio_format": "mp3"}},
        "invalid_value",
        "session.input_audio_format",
    ),
    "modality": session_with(output_modalities=["video"], at="session.output_modalities[0]"),
    "no modality": session_with(output_modalities=[], at="session.output_modalities"),
    "tool": (
        {"type": "session.update", "session": {"tools": [{"type": "function"}]}},
        "missing_required_parameter",
        "session.tools[0].name",
    ),
    "tool of no kind": session_with(tools=[{"type": "web", "name": "x"}], at="session.tools[0].type"),
    "remote server without a label": (
        {"type": "session.update", "session": {"tools": [{"type": "mcp", "server_url": "https://x"}]}},
        "missing_required_parameter",
        "session.tools[0].server_label",
    ),
    "choice of a remote server that is not there": session_with(
        tools=[{"type": "mcp", "server_label": "a"}],
        tool_choice={"type": "mcp", "server_label": "b"},
        at="session.tool_choice",
    ),
    "session too long": session_with(instructions="x" * (1 << 20), at="session"),
    "stereo": session_with(audio={"output": {"format": {"type": "audio/pcm", "channels": 2}}}, at="channels"),
    "other format": session_with(audio={"output": {"format": {"type": "audio/opus"}}}, at="format.type"),
    "type of item": (item_of(type="video"), "invalid_value", "item.type"),
    "type of item is a list": (item_of(type=[]), "invalid_value", "item.type"),
    "unknown field of item": (item_of(type="message", role="user", content=[], x=1), "unknown_parameter", "item.x"),
    "role": (item_of(type="message", role="robot", content=[]), "invalid_value", "item.role"),
    "content": (item_of(type="message", role="user", content=["hi"]), "invalid_value", "item.content[0].type"),
    "sound in an item": (
        item_of(type="message", role="user", content=[{"type": "input_audio", "audio": "AAAA"}]),
        "invalid_value",
        "item.content[0].audio",
    ),
    "text of sound": (
        item_of(type="message", role="user", content=[{"type": "input_audio", "text": "hi"}]),
        "unknown_parameter",
        "item.content[0].text",
    ),
    "item too long": (
        item_of(type="message", role="user", content=[{"type": "input_text", "text": "x" * (1 << 20)}]),
        "invalid_value",
        "item",
    ),
    "result of no call": (
        item_of(type="function_call_output", call_id="call_x", output=""),
        "invalid_tool_call_id",
        "item.call_id",
    ),
    "previous item": (
        {**item_of(type="message", role="user", content=[]), "previous_item_id": "item_x"},
        "item_not_found",
        "previous_item_id",
    ),
    "modalities of a response": (
        {"type": "response.create", "response": {"output_modalities": ["video"]}},
        "invalid_value",
        "response.output_modalities[0]",
    ),
    "another conversation": (
        {"type": "response.create", "response": {"conversation": "mine"}},
        "invalid_value",
        "response.conversation",
    ),
    "metadata": (
        {"type": "response.create", "response": {"metadata": {"topic": 7}}},
        "invalid_type",
        "response.metadata[topic]",
    ),
    "reference to no item": (
        {"type": "response.create", "response": {"input": [{"type": "item_reference", "id": "item_x"}]}},
        "item_not_found",
        "response.input[0].id",
    ),
    "input of a response": (
        {"type": "response.create", "response": {"input": [{"type": "message", "role": "user"}]}},
        "missing_required_parameter",
        "response.input[0].content",
    ),
    "cancel of another": (
        {"type": "response.cancel", "response_id": "resp_x"},
        "response_cancel_not_active",
        None,
    ),
    "output buffer": ({"type": "output_audio_buffer.clear"}, "invalid_value", "type"),
}


@pytest.mark.parametrize("name", WRONG)
async def test_a_wrong_event_is_refused_by_name(client: Client, name: str) -> None:
    message, code, param = WRONG[name]
    message = {"event_id": "mine", **message}
    await client.socket.send_str(json.dumps(message))
    error = await client.error()
    assert error["code"] == code
    assert error["param"] == param or str(error["param"]).endswith(str(param))
    # What cannot be read has no name, and a name that is no text is not repeated.
    assert error["event_id"] == ("mine" if code != "invalid_json" and message["event_id"] == "mine" else None)
    assert error["type"] == "invalid_request_error"
    assert error["message"]
    await client.type("hello")
    assert (await client.answer())[0].startswith("Hello")


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "[" * 100_000, '{"type": "\\ud800"}', "\x00"])
async def test_what_is_no_event_is_refused(client: Client, text: str) -> None:
    await client.socket.send_str(text)
    assert (await client.error())["code"] in ("invalid_json", "invalid_value")
    await client.type("hello")
    assert (await client.answer())[0].startswith("Hello")


async def test_a_binary_frame_is_refused(client: Client) -> None:
    await client.socket.send_bytes(b"\x00\x00")
    error = await client.error()
    assert (error["code"], error["event_id"]) == ("invalid_json", None)
    await client.type("hello")
    assert (await client.answer())[0].startswith("Hello")


@pytest.mark.parametrize(
    "session",
    [
        {"audio": None},
        {"audio": {"input": None, "output": None}},
        {"audio": {"input": {"format": None}, "output": {"format": {"type": "audio/pcm", "rate": None}}}},
        {"tools": None, "tool_choice": None, "output_modalities": None, "instructions": None},
        {},
    ],
)
async def test_null_changes_nothing(client: Client, session: dict[str, Any]) -> None:
    before = await client.update()
    assert await client.update(**session) == before
    assert before["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 500


async def test_turn_detection_is_turned_off_by_null_and_on_again_with_its_defaults(client: Client) -> None:
    before = await client.update()
    off = await client.update(audio={"input": {"turn_detection": None}})
    assert off["audio"]["input"]["turn_detection"] is None
    assert await client.update(audio={"input": {"turn_detection": vad(threshold=None)}}) == before


async def test_a_refused_update_changes_nothing(client: Client) -> None:
    before = await client.update()
    wrong = {"instructions": "sing", "audio": {"output": {"format": {"type": "audio/pcm", "rate": 1}}}}
    await client.send("session.update", session=wrong)
    assert (await client.error())["param"] == "session.audio.output.format.rate"
    assert await client.update() == before


async def test_an_item_is_created_once_under_its_id(client: Client) -> None:
    item = {"id": "mine", "type": "message", "role": "user", "content": [{"type": "input_text", "text": "hello"}]}
    await client.send("conversation.item.create", item=item)
    assert (await client.until("conversation.item.done"))["item"]["id"] == "mine"
    await client.send("conversation.item.create", item=item, event_id="again")
    error = await client.error()
    assert (error["code"], error["event_id"]) == ("item_create_invalid_item_id", "again")


async def test_truncate_beyond_the_audio_is_refused(client: Client) -> None:
    await client.type("hello")
    done = await client.until("response.done")
    said = done["response"]["output"][0]["id"]
    for index, end_ms, param in ((0, 600_000, "audio_end_ms"), (0, -1, "audio_end_ms"), (1, 0, "content_index")):
        place = {"item_id": said, "content_index": index, "audio_end_ms": end_ms}
        await client.send("conversation.item.truncate", **place, event_id="cut")
        error = await client.error()
        assert (error["code"], error["param"], error["event_id"]) == ("invalid_value", param, "cut")
    user = next(e["item"]["id"] for e in client.events if e["type"] == "conversation.item.added")
    await client.send("conversation.item.truncate", item_id=user, content_index=0, audio_end_ms=0)
    assert (await client.error())["param"] == "item_id"


async def test_a_second_response_is_refused_while_one_is_active(client: Client) -> None:
    await client.type("Tell me a story")
    await client.send("response.create", event_id="second")
    error = await client.error()
    assert (error["code"], error["event_id"]) == ("conversation_already_has_active_response", "second")
    assert (await client.until_any("response.done"))["response"]["status"] == "completed"


async def test_cancel_ends_the_active_response(client: Client) -> None:
    await client.type("Tell me a story")
    await client.until("response.output_audio.delta")
    await client.send("response.cancel")
    done = await client.until("response.done")
    assert done["response"]["status_details"] == {"type": "cancelled", "reason": "client_cancelled"}
    item = done["response"]["output"][0]
    assert item["status"] == "incomplete"


async def test_one_session_does_not_disturb_another(server_url: str, client: Client) -> None:
    async with connect(server_url) as other:
        await other.socket.send_str("{")
        await other.type("Tell me a story")
        await client.type("hello")
        assert (await client.answer())[0].startswith("Hello")
        await other.until_any("response.done")


async def test_an_oversized_frame_ends_only_its_own_session(server_url: str, client: Client) -> None:
    async with aiohttp.ClientSession() as http, http.ws_connect(server_url) as socket:
        await socket.receive()
        # The server may hang up before it has read all of it.
        with contextlib.suppress(ConnectionError):
            await socket.send_str("x" * (17 << 20))
        message = await socket.receive()
        assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.ERROR, aiohttp.WSMsgType.CLOSED)
    await client.type("hello")
    assert (await client.answer())[0].startswith("Hello")
