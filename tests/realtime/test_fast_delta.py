"""The fast reading of an audio delta gives what the full parser gives, for 10^5 generated and mutated events."""

from __future__ import annotations

import base64
import json
import random

from engine.realtime import decoding
from engine.realtime.client_events import AppendAudio
from engine.realtime.decoding import decode_event
from engine.realtime.events import AudioDelta, MalformedEvent, ServerEvent, UnknownEvent

ROUNDS = 100_000
SNIPPETS = ['"', "\\", '"delta":"', '"delta": "', "=", " ", "\n", "é", "\\u0041", "{", "}", "null", ",", "AAAA", "type"]


def slowly(text: str) -> ServerEvent:
    """What the full parser makes of it."""
    message = json.loads(text)
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return MalformedEvent("The server sent JSON that is no event.")
    decoder = decoding._DECODERS.get(message["type"])
    try:
        return decoder(message) if decoder else UnknownEvent(message["type"], message)
    except decoding._FieldError as error:
        return MalformedEvent(f"The server sent a malformed {message['type']}: {error}.")


def generated(dice: random.Random) -> str:
    """A delta with its keys in any order, spacing of either kind, and sometimes with what should not be there."""
    payload = base64.b64encode(dice.randbytes(dice.choice([0, 3, 767, 768, 769, 1000, 1537]))).decode()
    fields = {
        "type": dice.choice(["response.output_audio.delta", "response.audio.delta", "response.output_text.delta"]),
        "event_id": "event_1",
        "response_id": dice.choice(["r1", "r\u00e9", None, 7]),
        "item_id": dice.choice(["i1", 'a"b\\', ""]),
        "content_index": dice.choice([0, 1, None, "x"]),
        "delta": dice.choice([payload, payload, payload, payload[:-1], payload.replace("A", "/"), None]),
        "extra": dice.choice([1, {"delta": payload}, '"delta":"', [payload]]),
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
        fast = decoding._long_audio_delta(text)
        if fast is None:
            continue
        read_fast += 1
        expected = slowly(text)
        assert isinstance(expected, AudioDelta), text
        assert bytes(fast.audio) == expected.audio
        assert (fast.response_id, fast.item_id, fast.content_index) == (
            expected.response_id,
            expected.item_id,
            expected.content_index,
        )
    assert read_fast > ROUNDS / 100


def test_the_usual_delta_is_read_fast_as_text_and_as_bytes() -> None:
    audio = bytes(range(256)) * 96
    text = json.dumps(
        {
            "type": "response.output_audio.delta",
            "response_id": "r1",
            "item_id": "i1",
            "content_index": 1,
            "delta": base64.b64encode(audio).decode(),
        }
    )
    for data in (text, text.encode()):
        fast = decoding._long_audio_delta(data)
        assert fast is not None
        assert bytes(fast.audio) == audio
        event = decode_event(data)
        assert isinstance(event, AudioDelta)
        assert (event.response_id, event.item_id, event.content_index) == ("r1", "i1", 1)


def test_the_append_frame_is_the_same_json() -> None:
    for length in (0, 1, 2, 3, 960, 961):
        event = AppendAudio('audio_"1"', bytes(i & 0xFF for i in range(length)))
        assert json.loads(event.to_frame()) == json.loads(event.to_json())
