"""Our frames against those of the Yandex tutorial's agent, one by one."""

from __future__ import annotations

import base64
import json
import re

import numpy as np

from engine.realtime.providers.choose import YANDEX
from engine.realtime.tools.builtin import GET_WEATHER
from tests.realtime.rig import rig
from tests.support.scripted_server import Peer

ENVIRONMENT = {
    "YANDEX_CLOUD_API_KEY": "AQVN-test-key",
    "YANDEX_CLOUD_FOLDER_ID": "b1gfolder",
    "VECTOR_STORE_ID": "store-42",
}
# What the tutorial sends, but for its words, which are our own. Its server tools carry the text "{}" as
# their parameters; the service's reference asks for an object, which is what we send.
TUTORIAL_SESSION = {
    "output_modalities": ["text", "audio"],
    "audio": {
        "input": {
            "format": {"type": "audio/pcm", "rate": 24000, "channels": 1},
            "turn_detection": {"type": "server_vad", "threshold": 0.5, "silence_duration_ms": 400},
        },
        "output": {"format": {"type": "audio/pcm", "rate": 44100}, "voice": "dasha"},
    },
    "tools": [
        {
            "type": "function",
            "name": "get_weather",
            "description": "Tell the present weather of a city in brief.",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
                "additionalProperties": False,
            },
        },
        {"type": "function", "name": "web_search", "description": "Ищет ответ в интернете.", "parameters": {}},
        {"type": "function", "name": "file_search", "description": "store-42", "parameters": {}},
    ],
}


def without_id(frame: str) -> dict[str, object]:
    """A frame without the event_id that ours carries, so that errors can name it."""
    event = json.loads(frame)
    assert isinstance(event.pop("event_id"), str)
    return dict(event)


async def test_session_update_uplink_and_tool_frames_are_the_tutorials() -> None:
    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.begin_response("r1")
        await peer.call("r1", "call_1", "get_weather", '{"city": " Казань "}')
        await peer.call("r1", "call_2", "web_search", '{"query": "новости"}')
        await peer.call("r1", "call_3", "file_search", '{"query": "профилировщик"}')
        await peer.end_response("r1")
        await peer.expect("response.create")

    async with rig(script, provider="yandex", environ=ENVIRONMENT, tools=[GET_WEATHER]) as it:
        tone = (0.5 * np.sin(2 * np.pi * 440 * np.arange(48000) / 48000)).astype(np.float32)
        await it.stream.run(1.0, tone)
        await it.until(lambda: bool(it.peer.of_type("response.create")))
        frames = [without_id(frame) for frame in it.peer.frames]

    assert it.peer.headers["Authorization"] == "Api-Key AQVN-test-key"
    instructions = YANDEX.instructions
    assert frames[0] == {"type": "session.update", "session": {**TUTORIAL_SESSION, "instructions": instructions}}
    # Each function is named; nothing is left to be filled in, and sentences are set apart.
    assert all(f" {name}" in instructions for name in ("web_search", "get_weather", "file_search"))
    assert not re.search(r"[{}]|[.,][^ ]", instructions[:-1])
    appended = [frame for frame in frames if frame["type"] == "input_audio_buffer.append"]
    blocks = [base64.b64decode(str(frame["audio"])) for frame in appended]
    assert len(blocks) >= 45
    assert all(set(frame) == {"type", "audio"} for frame in appended)
    assert {len(block) for block in blocks} == {960}
    sent = np.frombuffer(b"".join(blocks), "<i2").astype(np.float64)[4800:19200]
    spectrum = np.abs(np.fft.rfft(sent * np.hanning(sent.size)))
    assert abs(np.argmax(spectrum) * 24000 / sent.size - 440) < 5
    assert abs(np.sqrt(2 * np.mean(sent**2)) - 16384) < 200

    rest = [frame for frame in frames[1:] if frame["type"] != "input_audio_buffer.append"]
    assert [frame["type"] for frame in rest] == ["conversation.item.create", "response.create"]
    item = rest[0]["item"]
    assert isinstance(item, dict)
    assert set(item) == {"type", "call_id", "output"}
    assert (item["type"], item["call_id"]) == ("function_call_output", "call_1")
    weather = json.loads(item["output"])
    assert list(weather) == ["city", "temperature_c", "condition", "wind_m_s", "advice", "note"]
    assert weather["city"] == "Казань"
    # The tutorial adds a "response" object with beta names; a bare one keeps the session's own settings.
    assert rest[1] == {"type": "response.create"}
