"""Memory is bounded, whatever a server sends and whatever a file says: the rest is a sentence."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mcp import types

from benchmarks.report.document import read_document
from engine.api.options import SessionOptions
from engine.api.plan import SessionPlan
from engine.audio.playback.player import Player
from engine.audio.playback.segments import ItemKey
from engine.audio.port.audio_port import AudioPort
from engine.config import Config
from engine.config_tables import McpServer
from engine.errors import InvalidInputError
from engine.local.answering.sounds import SoundMaker
from engine.realtime.cost.usage import tokens_of
from engine.realtime.protocol.decode import decode_event
from engine.realtime.protocol.server_events import ResponseDone, Usage
from engine.realtime.recording.replay import replay
from engine.realtime.recording.tap import FORMAT
from engine.realtime.recording.writer import Writer
from engine.realtime.session_events import Lacking, SessionEvent
from engine.realtime.tools.mcp.connection import McpConnection
from engine.realtime.tools.mcp.servers import MOST_TOOLS, McpServers
from engine.script.reading import read_script

MIB = 1 << 20


def test_a_delta_that_is_cut_keeps_nothing_of_what_is_left_out() -> None:
    port = AudioPort()
    port.attach_output(24000, 1)
    player = Player(port, 24000, max_queued_s=1.0)
    for _ in range(3):
        sent = bytearray(MIB)
        player.write(ItemKey("i1", 0), memoryview(sent))
        sent.clear()  # refused while anything points into it
        port.process(None, np.empty((240, 1), np.float32))  # there is a little room again
        player.service()
    assert player.dropped_frames > 0


def test_a_recording_waits_for_its_disk_with_so_many_bytes_and_counts_the_rest() -> None:
    gate, told, done = threading.Event(), list[int](), list[int]()
    writer = Writer(told.append, lambda error: None)
    writer.put(gate.wait)  # type: ignore[arg-type]
    for number in range(20):
        writer.put(partial(done.append, number), 16 * MIB)
    assert writer.dropped == 16
    gate.set()
    assert writer.close(partial(done.append, 20))
    assert done == [0, 1, 2, 3, 20]


@pytest.mark.parametrize("number", ["9" * 400, "-" + "9" * 400, "1e300", "1e400", "9007199254740993"])
def test_an_integer_of_any_size_is_none_that_counts(number: str) -> None:
    event = decode_event(
        f'{{"type": "response.done", "response": {{"id": "r", "usage": {{"input_tokens": {number}}}}}}}'
    )
    assert isinstance(event, ResponseDone) and event.usage is not None
    assert event.usage.input_tokens is None


def test_counts_below_zero_give_no_money_back() -> None:
    below = dict.fromkeys(Usage.__dataclass_fields__, -1000)
    assert not any(tokens_of(Usage(**below)).values())


@pytest.mark.parametrize(
    "line",
    [
        {"received": {"type": "response.output_audio.delta", "delta": {"bytes": 3_000_000_000, "crc32": 0}}},
        {"received": {"type": "response.output_audio.delta", "delta": {"bytes": 10**30, "crc32": 0}}},
        {"received": {"type": "response.output_audio.delta", "delta": {"bytes": -1, "crc32": 0}}},
        "[" * 100_000,
        "9" * 10_000,
    ],
)
def test_a_hostile_recording_is_refused_in_a_sentence(line: Any, tmp_path: Path) -> None:
    text = line if isinstance(line, str) else json.dumps({"n": 2, **line})
    machine = {"machine": 0, "args": ["voice"], "options": {}}
    step = {"n": 3, "t": 0.0, "machine": 0, "input": "handle", "of": 2, "actions": []}
    lines = [json.dumps({"format": FORMAT}), json.dumps(machine), text, json.dumps(step)]
    (tmp_path / "session.jsonl").write_text("".join(f"{each}\n" for each in lines))
    with pytest.raises(InvalidInputError) as refused:
        list(replay(tmp_path))
    assert str(tmp_path) in refused.value.message and refused.value.fix


@pytest.mark.parametrize(
    "text",
    [
        "steps = " + "[" * 100_000,
        "steps = [{wait = nan}]",
        "steps = [{wait = inf}]",
        "steps = [{wait = -1}]",
        "steps = [{wait = 1}]\nrate_hz = " + "9" * 5000,
        "connection = [{steps = [{wait = 1}], times = 2000000000}]",
        "steps = [{repeat = 2000000000, steps = [{wait = 1}]}]",
        "steps = [{answer = '', sound = {silence = true, seconds = inf}}]",
        "steps = [{answer = '', sound = {tone_hz = 440, seconds = 1000000000}}]",
        f"steps = [{{answer = '{'a' * 500_000}'}}]",
    ],
)
def test_a_hostile_script_is_refused_in_a_sentence(text: str, tmp_path: Path) -> None:
    (tmp_path / "script.toml").write_text(text)
    with pytest.raises(InvalidInputError) as refused:
        read_script(tmp_path / "script.toml", SoundMaker(tmp_path).make)
    assert refused.value.fix


@pytest.mark.parametrize("name", ["script", "instructions", "figures"])
def test_a_device_in_place_of_a_file_does_not_fill_the_memory(name: str) -> None:
    zeros = Path("/dev/zero")
    readers: dict[str, Callable[[], object]] = {
        "script": lambda: read_script(zeros, lambda _, __: b""),
        "instructions": lambda: SessionPlan(
            SessionOptions(provider="local", instructions=f"@{zeros}", config=Config())
        ),
        "figures": lambda: read_document(zeros),
    }
    with pytest.raises(InvalidInputError, match="/dev/zero cannot be read: it is larger than"):
        readers[name]()


async def test_of_a_server_with_thousands_of_tools_so_many_are_offered_as_services_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[SessionEvent] = []

    async def start(_: McpConnection) -> list[types.Tool]:
        return [types.Tool(name=f"tool_{number}", input_schema={}) for number in range(20_000)]

    monkeypatch.setattr(McpConnection, "start", start)
    async with McpServers({"many": McpServer(command="x")}, told.append) as servers:
        assert [tool.name for tool in await servers.tools["many"]] == [
            f"many_tool_{number}" for number in range(MOST_TOOLS)
        ]
    assert any(isinstance(event, Lacking) and "20000 tools" in event.text for event in told)
