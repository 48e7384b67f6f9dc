"""Audio deltas are read as Python's own json and base64 read them, for 25,000 generated and mutated events."""

from __future__ import annotations

import base64
import json
import random
from typing import Any

import pytest

from engine.realtime.protocol.client_events import AppendAudio, CreateItem
from engine.realtime.protocol.client_items import function_output_item
from engine.realtime.protocol.decode import decode_event
from engine.realtime.protocol.server_events import AudioDelta, MalformedEvent, TextDelta, UnknownEvent

ROUNDS = 25_000
NAMES = ("response.output_audio.delta", "response.audio.delta")
SNIPPETS = ['"', "\\", '"delta":"', '"delta": "', "=", " ", "\n", "é", "\\u0041", "{", "}", "null", ",", "AAAA", "type"]


def as_python_reads_it(text: str) -> AudioDelta | None:
    """The event of a text by Python's own json and base64; None where it is no audio delta, or a malformed one."""
    try:
        message: Any = json.loads(text)
        if not isinstance(message, dict) or message.get("type") not in NAMES:
            return None
        ids = [message.get(name) for name in ("response_id", "item_id", "event_id")]
        index = message.get("content_index") or 0
        index = index if isinstance(index, int) else 0
        texts = ("" if value is None else value if isinstance(value, str) else json.dumps(value) for value in ids)
        response_id, item_id, event_id = texts
        delta = (message.get("delta") or "").translate(str.maketrans("-_", "+/", "\r\n")).rstrip("=")
        audio = base64.b64decode(delta + "=" * (-len(delta) % 4), validate=True)
    except ValueError:
        return None
    return AudioDelta(response_id, item_id, index, audio, event_id=event_id)


def generated(dice: random.Random) -> str:
    """A delta with its keys in any order, spacing of either kind, and sometimes with what should not be there."""
    payload = base64.b64encode(dice.randbytes(dice.choice([0, 3, 767, 768, 769, 1000, 1537]))).decode()
    fields = {
        "type": dice.choice(["response.output_audio.delta", "response.audio.delta", "response.output_text.delta"]),
        "event_id": dice.choice(["event_1", "event_1", "event_1", "", "", None, None, 7, 'e"1']),
        "response_id": dice.choice(["r1", "r1", "r\u00e9", None, 7]),
        "item_id": dice.choice(["i1", "i2", 'a"b\\', ""]),
        "content_index": dice.choice([0, 1, 12, None, "x"]),
        "delta": dice.choice([payload, payload, payload, payload[:-1], payload.replace("A", "/"), None]),
        "extra": dice.choice([1, "plain", 0, None, "", {"delta": payload}, '"delta":"', [payload]]),
    }
    keys = list(fields)
    dice.shuffle(keys)
    separators = dice.choice([(",", ":"), (", ", ": "), (" , ", " : ")])
    return json.dumps({key: fields[key] for key in keys}, separators=separators, ensure_ascii=dice.random() < 0.5)


def mutated(text: str, dice: random.Random) -> str:
    """The text with a piece put in, cut out or doubled."""
    place = dice.randrange(len(text))
    match dice.randrange(3):
        case 0:
            return text[:place] + dice.choice(SNIPPETS) + text[place:]
        case 1:
            return text[:place] + text[place + dice.randrange(1, 4) :]
    return text[:place] + text[max(0, place - 40) :]


def test_every_text_is_read_as_python_reads_it() -> None:
    dice = random.Random(1)
    read = 0
    for _ in range(ROUNDS):
        text = generated(dice)
        if dice.random() < 0.5:
            text = mutated(text, dice)
        expected, event = as_python_reads_it(text), decode_event(text)
        if expected is None:
            assert not isinstance(event, AudioDelta), text
            continue
        read += 1
        assert event == expected, text
        assert event.event_id == expected.event_id
    assert read > ROUNDS / 20


def test_an_audio_delta_is_read_under_both_names_as_text_and_as_bytes() -> None:
    audio = bytes(range(256)) * 96
    for name in NAMES:
        message = {
            "type": name,
            "event_id": "event_1",
            "response_id": "r1",
            "item_id": "i1",
            "content_index": 1,
            "delta": base64.b64encode(audio).decode(),
        }
        text = json.dumps(message)
        for data in (text, text.encode()):
            event = decode_event(data)
            assert event == AudioDelta("r1", "i1", 1, audio)
            assert event.event_id == "event_1"


KIND = '"type":"response.output_audio.delta"'


@pytest.mark.parametrize(
    ("text", "item_id"),
    [
        (f'{{{KIND},"delta":"AAAA"}}', ""),
        (f'  {{ "delta" : "AAAA" , {KIND} , "item_id" : "i1" }}\r\n\t ', "i1"),
        (f'{{{KIND},"item_id":null,"content_index":null,"response_id":"","delta":"AAAA"}}', ""),
        (f'{{"other":"x","other":0,"another":{{"delta":"BBBB"}},{KIND},"delta":"AAAA"}}', ""),
        (f'{{{KIND},"delta":"BBBB","delta":"AAAA"}}', ""),
        (f'{{{KIND},"delta":"AA\\nAA\\r\\n"}}', ""),
        (f'{{{KIND},"delta":"AA\\u0041A"}}', ""),
        (f'{{{KIND},"d\\u0065lta":"AAAA"}}', ""),
        (f'{{{KIND},"delta":"AAAA","item_id":"\u00e9"}}', "\u00e9"),
        (f'{{{KIND},"delta":"AAAA","item_id":"\\ud800"}}', "\ud800"),
        (f'{{{KIND},"delta":"AAAA","content_index":0.0}}', ""),
        (f'{{{KIND},"delta":"AAAA","content_index":"0"}}', ""),
        (f'{{{KIND},"delta":"AAAA","item_id":7}}', "7"),
        (f'{{{KIND},"delta":"AAAA","event_id":7}}', ""),
        (f'{{{KIND},"delta":"AAAA","odd":NaN}}', ""),
    ],
)
def test_json_of_every_style_is_read(text: str, item_id: str) -> None:
    assert decode_event(text) == AudioDelta("", item_id, 0, bytes(3))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "{}",
        "[]",
        '{"delta":"AAAA"}',
        f'{{{KIND},"delta":"AAAA"',
        f'{{{KIND},"delta":"AAAA',
        f'{{{KIND},"delta":"AAAA",}}',
        f'{{{KIND},"delta":"AAAA"}}}}',
        f'{{{KIND},"delta":"AAAAA"}}',
        f'{{{KIND},"delta":"AA=A"}}',
        f'{{{KIND},"delta":"AA==AAAA"}}',
        f'{{{KIND},"delta":"AA?A"}}',
        f'{{{KIND},"delta":"AAA\u00e9"}}',
        f'{{{KIND},"delta":7}}',
        f'{{{KIND},"delta":"AAAA","content_index":01}}',
        f'{{{KIND},"delta":"AAAA","content_index":nul}}',
        f'{{{KIND},"delta":"AAAA"}}\ud800',
    ],
)
def test_what_is_damaged_is_malformed(text: str) -> None:
    assert isinstance(decode_event(text), MalformedEvent)


@pytest.mark.parametrize("delta", ["-_8=", "-_8", "+/8=", "+/8", "-_8=\n"])
def test_audio_may_be_in_the_alphabet_of_urls_and_without_padding(delta: str) -> None:
    event = decode_event(json.dumps({"type": "response.output_audio.delta", "delta": delta}))
    assert event == AudioDelta("", "", 0, b"\xfb\xff")


def test_another_event_with_a_delta_is_no_audio() -> None:
    assert isinstance(decode_event('{"type":"response.output_text.delta","delta":"AAAA"}'), TextDelta)
    assert isinstance(decode_event('{"type":"response.new.delta","delta":"AAAA"}'), UnknownEvent)


def test_an_append_frame_is_json_of_the_audio_in_base64() -> None:
    for length in (0, 1, 2, 3, 960, 961):
        for event_id in ("audio_1", "", 'audio_"1"', "back\\slash", "\u00e9", "\n", "\ud800"):
            pcm16 = bytes(i & 0xFF for i in range(length))
            message = json.loads(AppendAudio(event_id, pcm16).to_frame())
            audio = base64.b64encode(pcm16).decode()
            assert message == {"type": "input_audio_buffer.append", "event_id": event_id, "audio": audio}


@pytest.mark.parametrize("value", ["Привет", "\ud800", 'a"\\\n', 1 << 70, None, [1.5, {"a": True}]])
def test_whatever_a_tool_returns_can_be_written(value: Any) -> None:
    item = function_output_item("call_1", value)
    frame = CreateItem("voice_1", item).to_frame()
    assert json.loads(frame) == {"type": "conversation.item.create", "event_id": "voice_1", "item": item}
