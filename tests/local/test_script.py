"""Scripts: what a client must do, what it gets, and what is said when it does otherwise."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest
import soundfile

from cli.commands.serve import SCRIPT_HELP
from engine.errors import InvalidInputError, ScriptFailedError
from engine.local.answering.sounds import SoundMaker
from engine.local.faults.plan import FaultPlan
from engine.local.script_player import ScriptPlayer
from engine.local.server import serve
from engine.script import reading
from engine.script.patterns import difference, filled, picked
from engine.script.reading import read_script, script_of
from tests.local.client import Client
from tests.support.serving import serving

GREETING = {"emit": "session.created", "session": {"id": "sess_1"}}
UPDATE = {"type": "session.update", "session": {"type": "realtime"}}


def no_sound(sound: Any, rate_hz: int) -> bytes:
    """Silence, whatever a script wants."""
    return bytes(2 * rate_hz)


@asynccontextmanager
async def staged(script: dict[str, Any], faults: str = "") -> AsyncIterator[tuple[str, ScriptPlayer]]:
    """A server in this process that plays a script; it has ended with the block."""
    player = ScriptPlayer(script_of(script, no_sound))
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    plan = FaultPlan.read([faults], 1)
    server = asyncio.create_task(
        serve(
            "127.0.0.1",
            0,
            factory=player,
            announce=lambda line: address.set_result(json.loads(line)["url"]),
            faults=plan,
        )
    )
    try:
        yield await address, player
    finally:
        server.cancel()
        await asyncio.gather(server, return_exceptions=True)


@asynccontextmanager
async def client_of(url: str) -> AsyncIterator[Client]:
    """A client that takes no greeting."""
    async with aiohttp.ClientSession() as http, http.ws_connect(url, autoclose=False, autoping=False) as socket:
        yield Client(socket)


async def played(script: dict[str, Any], *events: dict[str, Any], faults: str = "") -> list[dict[str, Any]]:
    """Send events to a script and return all it says until it closes or is over; its mistakes are raised."""
    async with staged(script, faults) as (url, player):
        async with client_of(url) as client:
            for event in events:
                await client.socket.send_str(json.dumps(event))
            last = len(stage_steps(script)) - 1
            while stage_steps(script) and not client.socket.closed:
                message = await client.socket.receive(10)
                if message.type is not aiohttp.WSMsgType.TEXT:
                    break
                client.events.append(json.loads(message.data))
                if client.events[-1]["type"] == stage_steps(script)[last].get("emit"):
                    break
        async with asyncio.timeout(10):
            await player.finished.wait()
        player.check()
    return client.events


def stage_steps(script: dict[str, Any]) -> list[dict[str, Any]]:
    """The steps of a script of one connection."""
    steps: list[dict[str, Any]] = script["steps"]
    return steps


async def test_a_script_is_played_step_by_step() -> None:
    script = {
        "steps": [
            GREETING,
            {"expect": "session.update", "having": {"session": {"type": "real*"}}, "save": {"kind": "session.type"}},
            {"emit": "session.updated", "session": {"type": "${kind}"}},
            {"call": "get_weather", "arguments": {"city": "Paris"}, "call_id": "call_1"},
            {
                "expect": "conversation.item.create",
                "having": {"item": {"call_id": "call_1"}},
                "save": {"said": "item.output"},
            },
            {"expect": "response.create"},
            {"answer": "It is ${said}.", "sound": {}},
            {"repeat": 2, "steps": [{"expect": "response.create"}, {"answer": "Round ${n}.", "sound": {}}]},
            {"close": 1000},
        ]
    }
    output = {"type": "function_call_output", "call_id": "call_1", "output": "sunny"}
    create = {"type": "response.create"}
    events = await played(script, UPDATE, {"type": "conversation.item.create", "item": output}, create, create, create)
    assert [event["session"] for event in events[:2]] == [{"id": "sess_1"}, {"type": "realtime"}]
    said = [e["transcript"] for e in events if e["type"] == "response.output_audio_transcript.done"]
    assert said == ["It is sunny.", "Round 1.", "Round 2."]
    ids = [e["response"]["id"] for e in events if e["type"] == "response.done"]
    assert len(set(ids)) == 4
    (call,) = next(e["response"]["output"] for e in events if e["type"] == "response.done")
    assert (call["name"], json.loads(call["arguments"])) == ("get_weather", {"city": "Paris"})
    sound = [e for e in events if e["type"] == "response.output_audio.delta" and e["response_id"] == ids[1]]
    assert [len(base64.b64decode(e["delta"])) for e in sound] == [4800] * 10


@pytest.mark.parametrize(
    ("steps", "event", "said"),
    [
        ([{"expect": "response.create"}], UPDATE, "step 1.*type is 'session.update', not response.create"),
        ([{"expect": "session.update", "having": {"session": {"voice": "*"}}}], UPDATE, "session.voice is None"),
        ([{"wait": 0.0}], UPDATE, "After the last step session.update"),
        ([{"expect": "response.create"}], {"type": "response.create", "x": 1}, "Unknown parameter: 'x'"),
        ([{"expect": "response.create"}], {"type": "truncate"}, "Unknown event type"),
        ([{"expect": "session.update"}, {"expect": "response.cancel"}], UPDATE, "step 2.*nothing came within 0.3 s"),
        ([{"expect": "session.update"}, {"emit": "error", "text": "${x}"}], UPDATE, "step 2.*nothing was saved as 'x'"),
        ([{"hear": 1.0}, {"wait": 0.0}], UPDATE, "step 1.*microphone"),
    ],
)
async def test_what_the_script_does_not_say_is_a_mistake(
    steps: list[dict[str, Any]], event: dict[str, Any], said: str
) -> None:
    with pytest.raises(ScriptFailedError, match=said):
        await played({"steps": steps, "patience": 0.3}, event)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ({"item_id": "item_1", "content_index": 0, "audio_end_ms": 1000}, None),
        ({"item_id": "item_1", "content_index": 0, "audio_end_ms": 0}, None),
        ({"item_id": "item_1", "content_index": 0, "audio_end_ms": 1001}, "item_1 at 1001 ms, but only 1000 ms"),
        ({"item_id": "item_1", "content_index": 0, "audio_end_ms": -1}, "item_1 at -1 ms"),
        ({"item_id": "item_1", "content_index": 1, "audio_end_ms": 0}, "content index 1, of which no sound"),
        ({"item_id": "item_2", "content_index": 0, "audio_end_ms": 0}, "item_2 at content index 0"),
    ],
)
async def test_a_truncation_beyond_what_was_sent_is_a_mistake(place: dict[str, Any], said: str | None) -> None:
    steps = [{"answer": "", "sound": {}}, {"expect": "conversation.item.truncate"}, {"close": 1000}]
    async with staged({"steps": steps}) as (url, player):
        async with client_of(url) as client:
            await client.until("response.done")
            await client.send("conversation.item.truncate", **place)
            await player.finished.wait()
        with pytest.raises(ScriptFailedError, match=said) if said else contextlib.nullcontext():
            player.check()


async def test_a_step_left_over_is_named() -> None:
    script = {"steps": [GREETING, {"expect": "session.update"}, {"expect": "response.create"}]}
    async with staged(script) as (url, player):
        async with client_of(url) as client:
            await client.receive()
            await client.socket.send_str(json.dumps(UPDATE))
            await client.socket.close()
        await player.finished.wait()
        with pytest.raises(ScriptFailedError, match=r'left before step 3, \{"expect": "response.create"\}'):
            player.check()


async def test_what_is_ignored_may_come_at_any_time_and_the_microphone_always() -> None:
    append = {"type": "input_audio_buffer.append", "audio": base64.b64encode(bytes(24000)).decode()}
    cancel = {"type": "response.cancel"}
    script = {"ignoring": ["response.cancel"], "steps": [{"hear": 1.0}, {"expect": "session.update"}, GREETING]}
    await played(script, append, cancel, append, UPDATE, cancel)


async def test_every_connection_has_a_part() -> None:
    steps = [{"expect": "session.update"}, GREETING]
    script = {"connection": [{"steps": steps, "times": 2}, {"refuse": 503}, {"steps": []}]}
    async with staged(script) as (url, player):
        for _ in range(2):
            async with client_of(url) as client:
                await client.socket.send_str(json.dumps(UPDATE))
                await client.receive()
                await client.socket.close()
        with pytest.raises(ScriptFailedError, match="2 of 4 connections never came"):
            player.check()
    async with staged({"connection": [{"refuse": 401}, {"steps": [{"close": 1000}]}]}) as (url, player):
        async with aiohttp.ClientSession() as http:
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await http.ws_connect(url)
            assert refused.value.status == 401
        async with client_of(url) as client:
            assert (await client.socket.receive()).type is aiohttp.WSMsgType.CLOSE
        await player.finished.wait()
        player.check()


@pytest.mark.parametrize(("code", "seen"), [(1000, 1000), (1005, None), (1012, 1012), (4000, 4000), (1006, 1006)])
async def test_a_client_sees_the_close_code(code: int, seen: int | None) -> None:
    async with staged({"steps": [GREETING]}, f"close:code={code}:after=1events") as (url, _), client_of(url) as client:
        await client.receive()
        message = await client.socket.receive(10)
        if code == 1006:
            assert message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
            assert client.socket.close_code == 1006
        else:
            assert message.type is aiohttp.WSMsgType.CLOSE
            # aiohttp reads a close frame without a code as 0.
            assert message.data == (seen or 0)


@pytest.mark.parametrize(("fault", "answers"), [("", True), ("no-pong", False), ("half-open:after=1events", False)])
async def test_pings_are_answered_unless_a_fault_forbids_it(fault: str, answers: bool) -> None:
    script = {"steps": [GREETING, {"expect": "session.update"}, {"emit": "session.updated"}]}
    async with staged(script, fault) as (url, _), client_of(url) as client:
        await client.receive()
        await client.socket.ping(b"there?")
        await client.socket.send_str(json.dumps(UPDATE))
        seen: list[aiohttp.WSMessage] = []
        try:
            while not seen or seen[-1].type is not aiohttp.WSMsgType.TEXT:
                seen.append(await client.socket.receive(1.0 if fault.startswith("half") else 10))
        except TimeoutError:
            assert fault.startswith("half")
        assert (aiohttp.WSMsgType.PONG in [message.type for message in seen]) == answers
        assert (aiohttp.WSMsgType.TEXT in [message.type for message in seen]) == (not fault.startswith("half"))


@pytest.mark.parametrize(("code", "type_"), [(1005, aiohttp.WSMsgType.CLOSE), (1006, aiohttp.WSMsgType.CLOSED)])
async def test_a_step_closes_without_a_code_or_without_a_word(code: int, type_: aiohttp.WSMsgType) -> None:
    async with staged({"steps": [GREETING, {"close": code}]}) as (url, player):
        async with client_of(url) as client:
            await client.receive()
            assert (await client.socket.receive(10)).type is type_
        await player.finished.wait()
        player.check()


async def test_a_silent_server_does_not_answer_a_close() -> None:
    script = {"steps": [GREETING, {"go_silent": True}], "ignoring": ["session.update"]}
    async with staged(script) as (url, player), aiohttp.ClientSession() as http:
        timeout = aiohttp.ClientWSTimeout(ws_close=0.3)
        async with http.ws_connect(url, timeout=timeout) as socket:
            await socket.receive()
            await socket.send_str(json.dumps(UPDATE))
            began_s = asyncio.get_running_loop().time()
            await socket.close()
            assert asyncio.get_running_loop().time() - began_s >= 0.3
        async with asyncio.timeout(10):
            await player.finished.wait()
        player.check()


async def test_voice_serve_plays_a_script_and_tells_how_it_went(tmp_path: Path) -> None:
    steps = 'steps = [{ emit = "session.created", session = {} }, { expect = "session.update" }, { answer = "Hi." }]'
    (tmp_path / "hello.toml").write_text(steps)
    async with serving(
        "--script", "hello.toml", "--faults", "split:bytes=1001", "--seed", "1", folder=tmp_path
    ) as server:
        async with client_of(server.url) as client:
            await client.socket.send_str(json.dumps(UPDATE))
            await client.until("response.done")
        assert await server.ended() == (0, "")
    sizes = [len(base64.b64decode(e["delta"])) for e in client.events if e["type"] == "response.output_audio.delta"]
    assert 1001 in sizes
    assert sum(sizes) > 10_000
    async with serving("--script", "hello.toml", folder=tmp_path) as server:
        async with client_of(server.url) as client:
            await client.receive()
        code, said = await server.ended()
        assert code == 14
        assert "The client left before step 2" in said


def test_the_example_of_the_help_is_a_script(tmp_path: Path) -> None:
    for number, text in enumerate((SCRIPT_HELP, reading.__doc__ or "")):
        lines = [line for line in text.splitlines() if line.startswith("  ")]
        path = tmp_path / f"{number}.toml"
        path.write_text("\n".join(lines))
        (connection,) = read_script(path, no_sound).connections
        assert len(connection.steps) >= 10
        (tmp_path / "same.json").write_text(json.dumps({"steps": [json.loads(label) for label in connection.labels]}))
        assert read_script(tmp_path / "same.json", no_sound).connections[0].labels == connection.labels


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ([], "The script is not a table"),
        ({}, "no steps"),
        ({"steps": [{}]}, "Step 1 is empty. A step has one of expect"),
        ({"steps": [{"say": "hi"}]}, "Step 1 does nothing with 'say'"),
        ({"steps": [{"emitt": "x"}]}, "Step 1 does nothing with 'emitt'. Did you mean 'emit'?"),
        ({"steps": [{"expect": "x", "havin": {}}]}, "unknown fields: 'havin'. Did you mean 'having'?"),
        ({"steps": [{"wait": 1, "close": 1000}]}, "Step 1 is both wait and close"),
        ({"steps": [{"wait": "long"}]}, "Step 1: 'wait' is 'long'"),
        ({"steps": [GREETING, {"expect": "x", "with": {}}]}, "Step 2 has unknown fields: 'with'"),
        ({"steps": [{"repeat": 2, "steps": [{"wait": None}]}]}, r"Step 1\.1: 'wait'"),
        ({"steps": [], "speed": 2}, "The script has unknown fields: 'speed'"),
        ({"steps": [{"answer": "x", "sound": {"tone": 1}}]}, "Step 1: .* is no sound"),
        ({"steps": [{"answer": "x", "sound": {"wav": "none.wav"}}]}, "none.wav cannot be read"),
    ],
)
def test_a_mistake_in_a_script_is_named(tmp_path: Path, script: Any, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said) as raised:
        script_of(script, SoundMaker(tmp_path).make)
    assert raised.value.fix


def test_a_file_that_is_no_script_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("steps = [")
    (tmp_path / "broken.json").write_bytes(b"\xff")
    wrong = {"broken.toml": "is not valid TOML", "broken.json": "is not valid JSON", "absent.toml": "cannot be read"}
    for name, says in wrong.items():
        with pytest.raises(InvalidInputError, match=f"{name} {says}") as raised:
            read_script(tmp_path / name, no_sound)
        assert raised.value.fix


def test_sounds_have_their_length_and_pitch(tmp_path: Path) -> None:
    make = SoundMaker(tmp_path).make
    tone = np.frombuffer(make({"tone_hz": 440, "seconds": 0.5}, 24000), "<i2")
    assert tone.size == 12000
    assert abs(np.count_nonzero(np.diff(np.signbit(tone))) - 440) <= 2
    assert make({"silence": True, "seconds": 0.1}, 24000) == bytes(4800)
    assert make({"noise": True, "seconds": 0.1}, 8000) == make({"noise": True, "seconds": 0.1}, 8000)
    soundfile.write(tmp_path / "a.wav", tone, 24000)
    assert len(make({"wav": "a.wav"}, 48000)) == 4 * 12000
    said = np.frombuffer(make({"text": "hello", "voice": "en-us"}, 16000), "<i2")
    assert 4000 < said.size < 32000


@pytest.mark.parametrize(
    ("value", "pattern", "matches"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, True),
        ({"a": 1}, {"a": True}, False),
        ({"a": None}, {"a": "!"}, True),
        ({}, {"a": "!"}, True),
        ({"a": 0}, {"a": "!"}, False),
        ({"a": 0}, {"a": "*"}, True),
        ({}, {"a": "*"}, False),
        ({"a": 500}, {"a": "400..600"}, True),
        ({"a": 601}, {"a": "400..600"}, False),
        ({"a": "400..600"}, {"a": "400..600"}, True),
        ({"a": "item_7"}, {"a": "item_?"}, True),
        ({"a": [1, {"b": 2, "c": 3}]}, {"a": [1, {"b": 2}]}, True),
        ({"a": [1]}, {"a": [1, 2]}, False),
        ({"a": "x"}, {"a": {"b": 1}}, False),
    ],
)
def test_a_pattern_matches_in_part(value: Any, pattern: Any, matches: bool) -> None:
    assert (difference(value, pattern) is None) == matches


def test_values_are_picked_and_filled_in() -> None:
    event = {"item": {"content": [{"text": "hi"}], "n": 3}}
    assert picked(event, "item.content.0.text") == "hi"
    assert picked(event, "item.content.1.text") is None
    assert filled({"a": ["${n}", "no ${n}"]}, {"n": 3}) == {"a": [3, "no 3"]}
    with pytest.raises(KeyError):
        filled("${x}", {})
