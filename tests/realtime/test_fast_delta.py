"""The fast reading of an audio delta gives what the full parser gives, for 10^5 generated and mutated events."""

from __future__ import annotations

import base64
import json
import random

import pytest

from engine.dsp.audio_events import read_audio_delta
from engine.realtime import decoding
from engine.realtime.append_audio import AppendAudio
from engine.realtime.declarations import FieldError
from engine.realtime.decoding import decode_event
from engine.realtime.events import AudioDelta, MalformedEvent, ServerEvent, UnknownEvent

ROUNDS = 100_000
SNIPPETS = ['"', "\\", '"delta":"', '"delta": "', "=", " ", "\n", "é", "\\u0041", "{", "}", "null", ",", "AAAA", "type"]


def as_event(fast: tuple[str, str, int, bytes, str]) -> tuple[ServerEvent, str]:
    """The event of what was read fast, and its id, which no comparison of events looks at."""
    *_, event_id = fast
    return AudioDelta(*fast[:4], event_id=event_id), event_id


def with_id(event: ServerEvent) -> tuple[ServerEvent, str]:
    """An event and its id."""
    return event, event.event_id


def slowly(text: str) -> ServerEvent:
    """What the full parser makes of it."""
    message = json.loads(text)
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return MalformedEvent("The server sent JSON that is no event.")
    reader = decoding._READERS.get(message["type"])
    try:
        return reader(message) if reader else UnknownEvent(message["type"], message)
    except FieldError as error:
        return MalformedEvent(f"The server sent a malformed {message['type']}: {error}.")


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


def test_equal_to_the_full_parser() -> None:
    dice = random.Random(1)
    read_fast = 0
    for _ in range(ROUNDS):
        text = generated(dice)
        if dice.random() < 0.5:
            text = mutated(text, dice)
        fast = read_audio_delta(text)
        if fast is None:
            continue
        read_fast += 1
        assert as_event(fast) == with_id(slowly(text)), text
        assert read_audio_delta(text.encode()) == fast
    assert read_fast > ROUNDS / 20


def test_the_plainest_json_is_read_fast_however_it_is_spaced_and_ordered() -> None:
    delta = '"delta":"AAAA"'
    kind = '"type":"response.output_audio.delta"'
    for text in (
        f"{{{kind},{delta}}}",
        f'  {{ {delta} , {kind} , "content_index" : 12 }}\r\n\t ',
        f'{{{kind},"item_id":null,"content_index":null,"response_id":"",{delta}}}',
        f'{{"other":"x","other":0,"another":123456789012345,{kind},{delta}}}',
        f'{{"type":"response.audio.delta",{delta}}}',
    ):
        fast = read_audio_delta(text)
        assert fast is not None, text
        assert as_event(fast) == with_id(slowly(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "{}",
        "[]",
        '{"type":"response.output_audio.delta"}',
        '{"delta":"AAAA"}',
        '{"type":"response.output_audio.delta","delta":"AAAA"',
        '{"type":"response.output_audio.delta","delta":"AAAA',
        '{"type":"response.output_audio.delta","delta":"AAAA",}',
        '{"type":"response.output_audio.delta","delta":"AAAA"}}',
        '{"type":"response.output_audio.delta","delta":"AAA"}',
        '{"type":"response.output_audio.delta","delta":"AA=A"}',
        '{"type":"response.output_audio.delta","delta":"AAAA","delta":"BBBB"}',
        '{"type":"response.output_audio.delta","delta":"AA\\u0041A"}',
        '{"type":"response.output_audio.delta","d\\u0065lta":"AAAA"}',
        '{"type":"response.output_audio.delta","delta":"AAAA","item_id":"\u00e9"}',
        '{"type":"response.output_audio.delta","delta":"AAAA","item_id":7}',
        '{"type":"response.output_audio.delta","delta":"AAAA","event_id":7}',
        '{"type":"response.output_audio.delta","delta":"AAAA","event_id":"e","event_id":"f"}',
        '{"type":"response.output_audio.delta","delta":"AAAA","content_index":"0"}',
        '{"type":"response.output_audio.delta","delta":"AAAA","content_index":-1}',
        '{"type":"response.output_audio.delta","delta":"AAAA","content_index":01}',
        '{"type":"response.output_audio.delta","delta":"AAAA","content_index":1.0}',
        '{"type":"response.output_audio.delta","delta":"AAAA","content_index":nul}',
        '{"type":"response.output_audio.delta","delta":"AAAA","extra":{"delta":"BBBB"}}',
        '{"type":"response.output_audio.delta","delta":"AAAA","extra":true}',
        '{"type":"response.output_text.delta","delta":"AAAA"}',
        '{"type":"response.output_audio.delta","delta":"AAAA"}\ud800',
    ],
)
def test_any_doubt_is_left_to_the_full_parser(text: str) -> None:
    assert read_audio_delta(text) is None


def test_the_usual_delta_is_read_fast_as_text_and_as_bytes() -> None:
    audio = bytes(range(256)) * 96
    text = json.dumps(
        {
            "type": "response.output_audio.delta",
            "event_id": "event_1",
            "response_id": "r1",
            "item_id": "i1",
            "content_index": 1,
            "delta": base64.b64encode(audio).decode(),
        }
    )
    for data in (text, text.encode()):
        assert read_audio_delta(data) == ("r1", "i1", 1, audio, "event_1")
        event = decode_event(data)
        assert isinstance(event, AudioDelta)
        assert (event.response_id, event.item_id, event.content_index, event.event_id) == ("r1", "i1", 1, "event_1")


def test_the_append_frame_is_the_same_json() -> None:
    for length in (0, 1, 2, 3, 960, 961):
        for event_id in ("audio_1", "", 'audio_"1"', "back\\slash", "\u00e9", "\n"):
            event = AppendAudio(event_id, bytes(i & 0xFF for i in range(length)))
            assert json.loads(event.to_frame()) == json.loads(event.to_json())
