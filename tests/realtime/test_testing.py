"""The double that others test with: virtual time, its server and its devices, with the real session between them."""

from __future__ import annotations

import asyncio
import os
import threading
import time
import tracemalloc
from typing import Any

import numpy as np
import pytest

from engine.audio.session_audio import SessionAudio
from engine.audio.types import StreamRequest
from engine.config import Config
from engine.errors import AccessRefusedError, ConnectionFailedError, ProtocolBrokenError
from engine.realtime.providers.choose import choose_provider
from engine.realtime.session import RealtimeSession
from engine.realtime.session_events import AgentText, BargeIn, FirstAudio, SessionEvent, ToolReturned
from engine.realtime.testing import (
    Answer,
    Close,
    Emit,
    Expect,
    Hear,
    Peer,
    ScriptError,
    ServerDouble,
    Step,
    VirtualDevices,
    Wait,
    run_virtual,
)
from engine.realtime.testing.double import Script
from engine.realtime.tools.runner import ToolRunner
from engine.realtime.tools.tool import Tool, tool_of

TONE = (8000 * np.sin(np.arange(5 * 24000) / 5)).astype("<i2").tobytes()


def session_with(
    server: ServerDouble, devices: VirtualDevices, session_events: list[SessionEvent], tools: list[Tool] | None = None
) -> RealtimeSession:
    """A session of the custom provider."""
    audio = SessionAudio(devices, StreamRequest(), input_rate_hz=24000, output_rate_hz=24000)
    chosen = choose_provider("custom", "ws://double/", {}, Config())
    runner = ToolRunner(tools or [])
    return RealtimeSession(
        chosen, audio, runner, observers=[lambda event, _: session_events.append(event)], connect=server.connect
    )


def test_time_jumps_to_the_next_timer() -> None:
    async def main() -> list[tuple[str, float]]:
        loop = asyncio.get_running_loop()
        began_s, order = loop.time(), list[tuple[str, float]]()

        async def sleeper(name: str, seconds: float) -> None:
            await asyncio.sleep(seconds)
            order.append((name, loop.time() - began_s))

        await asyncio.gather(sleeper("day", 86400), sleeper("second", 1), sleeper("hour", 3600))
        return order

    began_s = time.perf_counter()
    order = run_virtual(main(), at_most_s=100_000)
    assert [name for name, _ in order] == ["second", "hour", "day"]
    assert [after_s for _, after_s in order] == pytest.approx([1, 3600, 86400])
    assert time.perf_counter() - began_s < 3600


def test_what_waits_for_ever_ends() -> None:
    async def ticks_on() -> None:
        asyncio.get_running_loop().call_later(1, lambda: None)
        await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        run_virtual(ticks_on(), at_most_s=1000)


def test_a_descriptor_is_served_before_time_moves() -> None:
    async def main() -> float:
        loop = asyncio.get_running_loop()
        read_end, write_end = os.pipe()
        readable = asyncio.Event()
        loop.add_reader(read_end, readable.set)
        loop.call_later(1, os.write, write_end, b"x")
        began_s = loop.time()
        await readable.wait()
        loop.remove_reader(read_end)
        os.close(read_end)
        os.close(write_end)
        return loop.time() - began_s

    assert run_virtual(main()) == pytest.approx(1)


def test_time_stands_still_while_a_thread_works() -> None:
    async def main() -> float:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        release = threading.Event()
        threading.Timer(0.05, release.set).start()
        async with asyncio.timeout(5):
            await asyncio.to_thread(release.wait)
        return loop.time() - began_s

    assert run_virtual(main()) == 0


def test_a_conversation_of_half_a_minute_is_the_same_in_every_run() -> None:
    def converse() -> tuple[list[SessionEvent], bytes, int]:
        session_events: list[SessionEvent] = []
        devices = VirtualDevices()

        async def main() -> int:
            script: list[Step] = [
                Expect("session.update", {"session": {"type": "realtime"}}),
                Emit("session.created", session={"id": "sess_1"}),
                Answer("r1", "i1", TONE, "A tone of five seconds."),
                Wait(2.0),
                Emit("input_audio_buffer.speech_started", item_id="u1"),
                Expect("conversation.item.truncate", {"item_id": "i1", "content_index": 0}),
                Hear(20.0),
                Close(1008, "enough"),
            ]
            with ServerDouble(script) as server:
                devices.say(np.full(48000, 0.25, np.float32))
                with pytest.raises(AccessRefusedError):
                    await session_with(server, devices, session_events).run()
            return int(server.peers[0].of_type("conversation.item.truncate")[0]["audio_end_ms"])

        heard_ms = run_virtual(main())
        return session_events, devices.heard.tobytes(), heard_ms

    session_events, heard, heard_ms = first = converse()
    assert converse() == first
    assert 1990 <= heard_ms <= 2030
    assert sum(isinstance(event, FirstAudio | BargeIn) for event in session_events) == 2
    assert [event.text for event in session_events if isinstance(event, AgentText)] == ["A tone of five seconds."]
    sounding = np.flatnonzero(np.frombuffer(heard, np.float32))
    assert sounding[-1] - sounding[0] == pytest.approx(48 * heard_ms, abs=100)


def test_the_barge_in_is_measured_in_virtual_time() -> None:
    session_events: list[SessionEvent] = []

    async def main() -> None:
        async def script(peer: Peer) -> None:
            await peer.expect("session.update")
            await peer.answer("r1", "i1", TONE)
            await asyncio.sleep(1.0)
            await peer.send("input_audio_buffer.speech_started", item_id="u1")
            await peer.expect("conversation.item.truncate")

        with ServerDouble(script) as server:
            await session_with(server, VirtualDevices(), session_events).run(duration_s=3)

    run_virtual(main())
    (barge_in,) = [event for event in session_events if isinstance(event, BargeIn)]
    assert barge_in.silence_ms is not None
    assert 0 <= barge_in.silence_ms <= 20


def test_a_tool_in_a_thread_does_not_run_into_its_timeout() -> None:
    session_events: list[SessionEvent] = []

    def slow() -> str:
        """Work."""
        threading.Event().wait(0.02)
        return "done"

    async def main() -> None:
        item = {"type": "function_call", "id": "i1", "call_id": "c1", "name": "slow", "arguments": "{}"}
        script: list[Step] = [
            Expect("session.update"),
            Emit("response.created", response={"id": "r1"}),
            Emit("response.output_item.done", response_id="r1", item=item),
            Emit("response.done", response={"id": "r1", "status": "completed"}),
            Expect("conversation.item.create", {"item": {"type": "function_call_output", "output": "done"}}),
            Expect("response.create"),
        ]
        with ServerDouble(script) as server:
            await session_with(server, VirtualDevices(), session_events, [tool_of(slow)]).run(duration_s=1)

    run_virtual(main())
    assert [event.failed for event in session_events if isinstance(event, ToolReturned)] == [False]


def converse_with(*scripts: Script, duration_s: float = 5.0) -> None:
    """Hold a conversation with a server that goes by these scripts."""

    async def main() -> None:
        with ServerDouble(*scripts) as server:
            await session_with(server, VirtualDevices(), []).run(duration_s=duration_s)

    run_virtual(main())


def test_a_step_that_is_left_over_is_an_error() -> None:
    with pytest.raises(ScriptError, match="left at Expect"):
        converse_with([Expect("session.update"), Expect("response.create")])


def test_another_event_than_expected_ends_the_session_and_is_an_error() -> None:
    with pytest.raises(ProtocolBrokenError, match=r"Expected response\.create"):
        converse_with([Expect("response.create")])


def test_what_nobody_expected_is_an_error() -> None:
    with pytest.raises(ScriptError, match="Nobody expected"):
        converse_with([Wait(1.0)])


def test_a_connection_that_never_comes_is_an_error() -> None:
    with pytest.raises(ScriptError, match="2 connections were expected, 1 came"):
        converse_with([Expect("session.update")], [Expect("session.update")])


def test_a_refused_connection_is_the_error_of_the_session() -> None:
    with pytest.raises(ConnectionFailedError, match="Not today"):
        converse_with(ConnectionFailedError("Not today."))


def test_the_example_of_the_documentation_is_a_test_that_passes() -> None:
    import textwrap  # noqa: PLC0415

    import engine.realtime.testing as documented  # noqa: PLC0415

    paragraphs = (documented.__doc__ or "").split("\n\n")
    example = textwrap.dedent("\n\n".join(text for text in paragraphs if text.startswith("    ")))
    names: dict[str, Any] = {}
    exec(example, names)
    names["test_an_answer_is_heard"]()


def test_a_block_of_the_microphone_is_cut_from_what_was_said_and_copies_no_more_of_it() -> None:
    devices, said = VirtualDevices(), [np.arange(1, 1 + size, dtype=np.float32) for size in (100, 0, 500, 480, 1000, 7)]
    for piece in said:
        devices.say(piece)
    heard = np.concatenate([devices.next_spoken() for _ in range(6)])
    expected = np.concatenate(said)
    assert np.array_equal(heard, np.pad(expected, (0, heard.size - expected.size)))
    devices.say(np.ones(60 * devices.rate_hz, np.float32))
    tracemalloc.start()
    try:
        devices.next_spoken()
        assert tracemalloc.get_traced_memory()[1] < 100 * devices.block_frames
    finally:
        tracemalloc.stop()
