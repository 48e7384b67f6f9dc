"""What is wrong is answered with an error that names the event and the field, and the session goes on."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import aiohttp
import pytest

from tests.local.client import Client, connect

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
    "no such item": ({"type": "conversation.item.delete", "item_id": "item_x"}, "item_not_found", "item_id"),
    "truncate of no item": (
        {"type": "conversation.item.truncate", "item_id": "item_x", "content_index": 0, "audio_end_ms": 0},
        "item_not_found",
        "item_id",
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
}


@pytest.mark.parametrize("name", WRONG)
async def test_a_wrong_event_is_refused_by_name(client: Client, name: str) -> None:
    message, code, param = WRONG[name]
    await client.socket.send_str(json.dumps({**message, "event_id": "mine"}))
    error = await client.error()
    assert (error["code"], error["param"], error["event_id"]) == (code, param, "mine")
    assert error["type"] == "invalid_request_error"
    assert error["message"]
    await client.type("hello")
    assert (await client.answer())[0].startswith("Hello")


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "[" * 100_000, '{"type": "\ud800"}'])
async def test_what_is_no_event_is_refused(client: Client, text: str) -> None:
    await client.socket.send_str(text.encode("utf-8", "replace").decode())
    assert (await client.error())["code"] in ("invalid_json", "invalid_value")
    await client.type("hello")
    assert (await client.answer())[0].startswith("Hello")


async def test_a_binary_frame_is_refused(client: Client) -> None:
    await client.socket.send_bytes(b"\x00\x00")
    assert (await client.error())["code"] == "invalid_json"


async def test_truncate_beyond_the_audio_is_refused(client: Client) -> None:
    await client.type("hello")
    done = await client.until("response.done")
    said = done["response"]["output"][0]["id"]
    await client.send("conversation.item.truncate", item_id=said, content_index=0, audio_end_ms=600_000)
    error = await client.error()
    assert (error["code"], error["param"]) == ("invalid_value", "audio_end_ms")


async def test_a_second_response_is_refused_while_one_is_active(client: Client) -> None:
    await client.type("Tell me a story")
    await client.send("response.create")
    assert (await client.error())["code"] == "conversation_already_has_active_response"


async def test_cancel_ends_the_active_response(client: Client) -> None:
    await client.type("Tell me a story")
    await client.until("response.output_audio.delta")
    await client.send("response.cancel")
    done = await client.until("response.done")
    assert done["response"]["status_details"]["reason"] in ("client_cancelled",)


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
