"""Whatever a client sends, in whatever order, the session answers it and goes on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.local.protocol.client_schema import EVENTS
from engine.local.protocol.validation import Need
from engine.local.speech_worker import SpeechWorker
from tests.local.direct import direct

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
SPICE = (
    "message function_call function_call_output user assistant input_text output_audio audio text server_vad audio/pcm "
    "none root item_1 call_1 realtime function get_weather hello weather_in_Paris \ud800 AAAA A"
)
WORDS = st.sampled_from(SPICE.split())
ITEM = st.fixed_dictionaries(
    {"type": WORDS},
    optional={
        "id": WORDS,
        "role": WORDS,
        "content": st.lists(st.fixed_dictionaries({"type": WORDS}, optional={"text": WORDS, "transcript": WORDS})),
        "call_id": WORDS,
        "output": WORDS,
        "name": WORDS,
        "arguments": WORDS,
    },
)
NUMBERS = st.integers(-10, 60_000) | st.integers(min_value=10**400, max_value=10**401)


def value_of(need: Need, name: str) -> st.SearchStrategy[Any]:
    """Values that mostly pass the check of types, to reach what lies behind it."""
    if name == "item":
        return ITEM | ANY
    if need.choices and str in need.types:
        return st.sampled_from(need.choices) | WORDS
    if need.fields is not None:
        return st.none() | fields_of(need.fields)
    if dict in need.types or list in need.types:
        return collections_of(need)
    if bool in need.types:
        return st.booleans()
    return WORDS if str in need.types else NUMBERS | st.floats() | st.none()


def collections_of(need: Need) -> st.SearchStrategy[Any]:
    """Objects and lists whose entries mostly are what they must be."""
    if dict in need.types:
        return st.dictionaries(WORDS, ANY, max_size=3)
    if need.each is not None:
        return st.lists(value_of(need.each, ""), max_size=3)
    return st.lists(WORDS | ANY | st.fixed_dictionaries({"type": WORDS, "name": WORDS}), max_size=3)


def fields_of(fields: Mapping[str, Need]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with some of the fields and all that are required."""
    needed = {name: value_of(need, name) for name, need in fields.items() if need.required}
    others = {name: value_of(need, name) for name, need in fields.items() if not need.required}
    return st.fixed_dictionaries(needed, optional=others)


KIND = st.sampled_from(sorted(EVENTS))
MESSAGE = KIND.flatmap(lambda kind: fields_of(EVENTS[kind]).map(lambda values: {"type": kind, **values}))


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(messages=st.lists(MESSAGE | ANY, min_size=4, max_size=24))
async def test_no_message_breaks_the_session(speech_worker: SpeechWorker, messages: list[Any]) -> None:
    async with direct(speech_worker) as held:
        for message in messages:
            await held.session.handle(json.dumps(message))
        await held.send("session.update", session={"audio": {"input": {"turn_detection": None}}})
        await held.send("input_audio_buffer.clear", event_id="last")
        codes = [event["error"]["code"] for event in held.of("error")]
        assert "internal_error" not in codes
        await held.settle()
        assert not [e for e in held.of("response.done") if e["response"]["status"] == "failed"]
        assert held.of("input_audio_buffer.cleared")


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text() | st.binary().map(lambda data: data.decode("latin-1")))
async def test_no_text_breaks_the_session(speech_worker: SpeechWorker, text: str) -> None:
    async with direct(speech_worker) as held:
        await held.session.handle(text)
        (error,) = held.of("error")
        assert error["error"]["code"] in ("invalid_json", "missing_required_parameter")


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), rate_hz=st.integers(8000, 48000), level=st.integers(1, 32767))
async def test_no_sound_breaks_the_session(speech_worker: SpeechWorker, seed: int, rate_hz: int, level: int) -> None:
    async with direct(speech_worker) as held:
        wire = {"format": {"type": "audio/pcm", "rate": rate_hz}}
        await held.send("session.update", session={"audio": {"input": wire, "output": wire}})
        noise = np.random.default_rng(seed).integers(-level, level, rate_hz // 2, endpoint=True)
        await held.play(noise.astype(np.int16))
        await held.send("input_audio_buffer.clear")
        assert not held.of("error")
