"""Each fault does what its name says, alone, together and again with the same seed."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Sequence
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from aiohttp import web

from engine.errors import InvalidInputError
from engine.local.faults.fault import FAULTS
from engine.local.faults.plan import FaultPlan, listing
from engine.local.link import Link
from engine.realtime.testing import run_virtual

AUDIO = bytes(range(256)) * 4
DELTA: dict[str, Any] = {
    "type": "response.output_audio.delta",
    "item_id": "item_1",
    "delta": base64.b64encode(AUDIO).decode(),
}
ANSWER: list[dict[str, Any]] = [
    {"type": "response.created"},
    {"type": "response.output_audio_transcript.delta", "delta": "Hi"},
    *({**DELTA, "number": number} for number in range(8)),
    {"type": "response.output_audio.done", "item_id": "item_1"},
    {"type": "response.done"},
]


class Wire:
    """A socket that keeps what is sent, with the time, and receives what it is told to."""

    def __init__(self, arriving: Sequence[str] = ()) -> None:
        self.sent: list[tuple[float, dict[str, Any]]] = []
        self.closed = False
        self.closed_with: tuple[int, bytes] | None = None
        self._arriving = arriving
        self._over = asyncio.Event()

    async def send_str(self, text: str) -> None:
        if self.closed:
            raise ConnectionResetError
        self.sent.append((asyncio.get_running_loop().time(), json.loads(text)))

    async def close(self, *, code: int, message: bytes) -> None:
        self.closed, self.closed_with = True, self.closed_with or (code, message)
        self._over.set()

    async def __aiter__(self) -> AsyncIterator[Any]:
        for text in self._arriving:
            yield SimpleNamespace(type=web.WSMsgType.TEXT, data=text)
        await self._over.wait()


def played(spec: str, events: Sequence[dict[str, Any]] = ANSWER, *, seed: int = 1, seconds: float = 30.0) -> Wire:
    """What comes out of a line with faults, after so much virtual time."""

    async def main() -> Wire:
        wire = Wire()
        faults = FaultPlan.read([spec], seed).for_connection(0)
        async with Link(cast(web.WebSocketResponse, wire), None, faults) as link:
            try:
                for event in events:
                    await link.send(json.dumps(event))
                await asyncio.sleep(seconds)
            except ConnectionResetError:
                pass
        return wire

    return run_virtual(main())


def received(spec: str, *events: dict[str, Any]) -> list[dict[str, Any]]:
    """What a session receives through faults of what a client sends."""

    async def main() -> list[dict[str, Any]]:
        wire = Wire([json.dumps(event) for event in events])
        faults = FaultPlan.read([spec], 1).for_connection(0)
        async with Link(cast(web.WebSocketResponse, wire), None, faults) as link:
            texts = aiter(link)
            return [json.loads(str(await anext(texts))) for _ in events]

    return run_virtual(main())


def kinds(wire: Wire) -> list[str]:
    """The types of what was sent."""
    return [event["type"] for _, event in wire.sent]


def audio(wire: Wire) -> bytes:
    """All of the sound that was sent."""
    return b"".join(base64.b64decode(event["delta"]) for _, event in wire.sent if event["type"] == DELTA["type"])


def test_late_events_come_late_and_in_order() -> None:
    wire = played("late:ms=100-300")
    began_s = 1000.0
    delays_ms = [round(1000 * (at_s - began_s)) for at_s, _ in wire.sent]
    assert [event for _, event in wire.sent] == ANSWER
    assert 100 <= delays_ms[0] <= 300
    # The delays overlap: the last one is no later than the longest.
    assert delays_ms == sorted(delays_ms)
    assert delays_ms[-1] <= 301


def test_a_stall_keeps_back_what_follows_it() -> None:
    wire = played("stall:ms=500:every=6events")
    times_ms = [round(1000 * (at_s - 1000.0)) for at_s, _ in wire.sent]
    assert times_ms == [0] * 5 + [500] * 6 + [1000]


@pytest.mark.parametrize("length", ["1", "3", "1-999", "7-7"])
def test_splinters_are_the_same_sound(length: str) -> None:
    wire = played(f"split:bytes={length}")
    assert audio(wire) == AUDIO * 8
    sizes = {len(base64.b64decode(event["delta"])) for _, event in wire.sent if event["type"] == DELTA["type"]}
    assert any(size % 2 for size in sizes)
    assert kinds(wire)[-2:] == ["response.output_audio.done", "response.done"]


def test_lumps_are_the_same_sound_and_come_before_its_end() -> None:
    wire = played("merge:count=5")
    assert audio(wire) == AUDIO * 8
    assert kinds(wire).count("response.output_audio.delta") == 2
    assert kinds(wire)[-2:] == ["response.output_audio.done", "response.done"]


def test_duplicates_follow_their_originals() -> None:
    wire = played("duplicate:share=1.0")
    assert [event for _, event in wire.sent] == [event for event in ANSWER for _ in range(2)]


def test_neighbours_change_places_and_nothing_is_lost() -> None:
    wire = played("reorder:share=0.5")
    sent = [event for _, event in wire.sent]
    assert sent != ANSWER
    assert sorted(sent, key=json.dumps) == sorted(ANSWER, key=json.dumps)
    assert sent[0]["type"] == "response.created"
    assert sent[-1]["type"] == "response.done"


def test_another_rate_is_sent_than_declared() -> None:
    tone = (8000 * np.sin(2 * np.pi * 440 * np.arange(24000) / 24000)).astype("<i2")
    deltas = [{**DELTA, "delta": base64.b64encode(piece.tobytes()).decode()} for piece in np.split(tone, 10)]
    wire = played("wrong-rate:sent_hz=44100", [*deltas, ANSWER[-2], ANSWER[-1]])
    heard = np.frombuffer(audio(wire), "<i2")
    assert abs(heard.size - 44100) <= 1
    crossings = np.count_nonzero(np.diff(np.signbit(heard)))
    assert abs(crossings - 880) <= 4
    declared = {"audio": {"output": {"format": {"type": "audio/pcmu"}}}}
    wire = played("wrong-rate", [{"type": "session.updated", "session": declared}, DELTA])
    assert audio(wire) == AUDIO


@pytest.mark.parametrize("code", [1000, 1001, 1008, 1011, 1012, 1013, 4000, 4999])
def test_the_connection_closes_after_so_many_events(code: int) -> None:
    wire = played(f"close:code={code}:after=3events:reason=enough")
    assert wire.closed_with == (code, b"enough")
    assert len(wire.sent) == 3


def test_the_connection_closes_after_so_many_seconds() -> None:
    assert played("close:after=10s", seconds=9.9).closed_with is None
    assert played("close:after=10s", seconds=10.1).closed_with == (1011, b"")


def test_a_session_expires_with_an_error() -> None:
    wire = played("expiry:after=20s")
    assert wire.sent[-1][1]["error"]["code"] == "session_expired"
    assert wire.closed_with == (1001, b"session_expired")


def test_errors_come_again_and_again_and_fatal_ones_once() -> None:
    wire = played("error:after=4events")
    assert kinds(wire).count("error") == 3
    assert wire.closed_with is None
    wire = played("error:code=insufficient_quota:after=5s")
    assert wire.sent[-1][1]["error"]["code"] == "insufficient_quota"
    assert wire.closed_with == (1008, b"insufficient_quota")


def test_a_half_open_connection_says_no_more_and_does_not_close() -> None:
    wire = played("half-open:after=2events")
    assert len(wire.sent) == 2
    assert not wire.closed


def test_a_tools_result_is_answered_unasked() -> None:
    async def main() -> list[str]:
        output = {"type": "conversation.item.create", "item": {"type": "function_call_output", "call_id": "c"}}
        wire = Wire([json.dumps(output), "{", json.dumps({"type": "response.create", "event_id": "mine"})])
        faults = FaultPlan.read(["auto-response"], 1).for_connection(0)
        heard: list[str] = []
        async with Link(cast(web.WebSocketResponse, wire), None, faults) as link:
            async for text in link:
                heard.append(str(text))
                if len(heard) == 4:
                    break
        assert json.loads(heard[0]) == output
        assert heard[2] == "{"
        return [json.loads(heard[at])["type"] for at in (1, 3)]

    assert run_virtual(main()) == ["response.create", "response.create"]


def test_a_response_fails_at_its_end() -> None:
    done = {"type": "response.done", "response": {"id": "r", "status": "completed", "status_details": None}}
    wire = played("failed-response:share=1.0:code=server_busy", [*ANSWER[:-1], done])
    response = wire.sent[-1][1]["response"]
    assert (response["id"], response["status"]) == ("r", "failed")
    assert response["status_details"]["error"]["code"] == "server_busy"
    assert audio(wire) == AUDIO * 8


def test_unknown_events_and_fields_come_between_and_within() -> None:
    wire = played("unknown:share=1.0")
    assert kinds(wire) == [kind for event in ANSWER for kind in ("voice.unheard_of", event["type"])]
    known = [{name: value for name, value in event.items() if name != "unheard_of"} for _, event in wire.sent[1::2]]
    assert known == ANSWER


def test_the_quirks_of_yandex() -> None:
    session = {"audio": {"output": {"format": {"type": "audio/pcm", "rate": 24000}}}}
    events: list[dict[str, Any]] = [
        {"type": "session.updated", "session": session},
        {"type": "conversation.item.added", "item": {}},
        {"type": "response.output_audio_transcript.delta", "content_index": 0, "delta": "Hi"},
        {**DELTA, "content_index": 0},
        {"type": "conversation.item.truncated", "content_index": 0},
    ]
    sent = [event for _, event in played("yandex-quirks", events).sent]
    assert [event["session"]["audio"]["output"]["format"]["rate"] for event in sent[:2]] == [None, None]
    assert [(event["type"], event.get("content_index")) for event in sent[2:]] == [
        ("conversation.item.created", None),
        ("response.output_text.delta", 0),
        ("response.output_audio.delta", 1),
        ("conversation.item.truncated", 1),
    ]


def test_the_leniency_of_yandex() -> None:
    sound = {"format": {"type": "audio/pcm", "rate": 44100}}
    misspelled = {"voice": "masha", "role:": "good"}
    session = {"nonsense": 1, "audio": {"input": sound, "output": misspelled}}
    heard = received("yandex-quirks", {"type": "session.update", "event_id": "mine", "session": session})
    asked = {"audio": {"input": {**sound, "transcription": {}}, "output": {"voice": "masha"}}}
    assert heard == [{"type": "session.update", "event_id": "mine", "session": asked}]
    odd: Any
    for odd in (None, [], {"audio": None}, {"audio": [1]}, {"audio": {"input": []}}):
        assert received("yandex-quirks", {"type": "session.update", "session": odd})[0]["session"] == odd


@pytest.mark.parametrize("failure", [ConnectionResetError, ValueError])
def test_a_line_that_breaks_lets_go_of_its_session(failure: type[Exception]) -> None:
    class Broken(Wire):
        async def send_str(self, text: str) -> None:
            raise failure

    async def main() -> Wire:
        wire = Broken()
        faults = FaultPlan.read(["duplicate"], 1).for_connection(0)
        async with Link(cast(web.WebSocketResponse, wire), None, faults) as link:
            with pytest.raises(ConnectionResetError):
                for _ in range(10_000):
                    await link.send(json.dumps(DELTA))
            link.close_when_sent(1000, "over")
        return wire

    wire = run_virtual(main(), at_most_s=5.0)
    assert wire.closed_with == ((1000, b"over") if failure is ConnectionResetError else (1011, b""))


def test_faults_come_one_behind_the_other() -> None:
    wire = played("merge:count=8,split:bytes=1001,duplicate:share=1.0")
    sizes = [len(base64.b64decode(event["delta"])) for _, event in wire.sent if event["type"] == DELTA["type"]]
    whole = len(AUDIO) * 8
    assert sizes == [size for size in [*[1001] * (whole // 1001), whole % 1001] for _ in range(2)]


def test_the_same_seed_is_the_same_run() -> None:
    spec = "late:ms=1-900,split:bytes=1-99,duplicate:share=0.3,reorder:share=0.3"
    first, again, other = (played(spec, seed=seed).sent for seed in (7, 7, 8))
    assert first == again
    assert first != other


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("gremlins", "Choose one of: split, merge"),
        ("latee", "Did you mean 'late'"),
        ("late:seconds=1", "It takes ms"),
        ("no-pong:x=1", "It takes none"),
        ("late:ms=9-1", "default is 20-200"),
        ("stall:every=3", "default is 20events"),
        ("close:after=0s", "default is 5s"),
        ("close:code=10", "1000 to 4999"),
        ("duplicate:share=2", "share from 0 to 1"),
        ("merge:count=many", "default is 5"),
    ],
)
def test_what_is_no_fault_is_said_with_what_there_is(spec: str, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        FaultPlan.read([spec], 1)


def test_every_fault_is_listed_as_it_can_be_written() -> None:
    assert [usage.split(":")[0] for usage, _ in listing()] == list(FAULTS)
    usages = [usage.removesuffix(":reason=") for usage, _ in listing()]
    assert len(FaultPlan.read(usages, 1).for_connection(0)) == len(FAULTS)
    assert all(meaning.endswith(".") for _, meaning in listing())
