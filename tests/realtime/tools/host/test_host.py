"""The tool host: what tools do in their process, the conversation does not notice."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from engine.realtime.conversation.actions import ToolCall
from engine.realtime.session_events import ErrorShown, FirstAudio, Lacking, SessionEvent, ToolReturned
from engine.realtime.tools.builtin import GET_TIME
from engine.realtime.tools.host.host import ToolHost
from engine.realtime.tools.host.wire import Order
from engine.realtime.tools.runner import ToolRunner
from engine.redaction import Scrubber
from tests.realtime.rig import rig
from tests.realtime.test_session import noise
from tests.support.scripted_server import Peer

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and forks of Unix")
HERE = str(Path(__file__).parent)
TOOLS = "misbehaving:TOOLS"
PATIENCE_S = 30.0


def order(*references: str, **limits: Any) -> Order:
    """An order with the tools beside this test."""
    return Order(references or (TOOLS,), (HERE, *sys.path), **limits)


class Hosted:
    """A runner with the tools of a host, and what was told."""

    def __init__(self) -> None:
        self.told: list[SessionEvent] = []
        self.runner = ToolRunner((), Scrubber(["swordfish-1"]))

    async def call(self, name: str, /, **arguments: Any) -> str:
        """Run one call; return its output."""
        result = await self.runner.run(ToolCall(f"call_{id(arguments)}", name, json.dumps(arguments)))
        return result.output

    async def pid(self) -> int:
        """The process that takes calls now."""
        return int(await self.call("ping"))


@asynccontextmanager
async def hosted(wanted: Order | None = None, **options: Any) -> AsyncIterator[Hosted]:
    """A host that has loaded its tools."""
    it = Hosted()
    async with (
        asyncio.timeout(2 * PATIENCE_S),
        ToolHost(wanted or order(), it.told.append, Scrubber(["swordfish-1"]), **options) as host,
    ):
        it.runner.offer(await host.tools())
        yield it
        await it.runner.finish()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what another process does."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - another process changes it
            await asyncio.sleep(0.01)


def runs(pid: int) -> bool:
    """Whether a process is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


LOST = "The process of the tools ended during this call ({}); whether the call took effect is not known."
CASES: dict[str, str] = {
    "segfault": json.dumps({"error": LOST.format("SIGSEGV")}),
    "leave": json.dumps({"error": LOST.format("exit code 3")}),
    "killed": json.dumps({"error": LOST.format("SIGKILL")}),
    "greedy": json.dumps({"error": "The tool failed: MemoryError"}),
    "talkative": "said",
    "asking": json.dumps({"error": "The tool failed: EOFError: EOF when reading a line"}),
    "moving": "/",
    "forking": "the original",
    "deaf": "still here",
}


async def conversation(calls: list[str]) -> tuple[list[str], list[SessionEvent], list[dict[str, Any]]]:
    """Let a server call tools one after the other, each answered; return outputs, what was told, session updates."""
    outputs: list[str] = []

    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.expect("session.update")
        for number, name in enumerate(calls):
            await peer.begin_response(f"r{number}")
            await peer.call(f"r{number}", f"c{number}", name, "{}")
            await peer.end_response(f"r{number}")
            outputs.append((await peer.expect("conversation.item.create"))["item"]["output"])
            await peer.expect("response.create")
            await peer.answer(f"a{number}", f"i{number}", noise(0.05).tobytes())
        await peer.closed.wait()

    async with rig(script, tools=[GET_TIME]) as it:
        limits = order(memory_mb=400, nice=5)
        async with ToolHost(limits, it.session.emit, Scrubber(())) as host:
            await until(lambda: bool(it.peer.of_type("session.update")))
            it.session.offer(await host.tools())
            async with asyncio.timeout(20 * PATIENCE_S):
                for number in range(1, len(calls) + 1):
                    await until(lambda reached=number: len(it.of(ToolReturned)) >= reached)  # type: ignore[misc]
                    await it.stream.run(0.1)
                await it.until(lambda: it.session.at_rest)
            assert it.of(FirstAudio)
            assert not it.running.done()
            return outputs, it.session_events, it.peer.of_type("session.update")


async def test_a_conversation_goes_on_whatever_a_tool_does(caplog: pytest.LogCaptureFixture) -> None:
    folder, handler = Path.cwd(), signal.getsignal(signal.SIGTERM)
    caplog.set_level(logging.INFO)
    outputs, told, updates = await conversation(list(CASES))
    assert dict(zip(CASES, outputs, strict=True)) == CASES
    ends = [event.message for event in told if isinstance(event, ErrorShown)]
    assert [end.partition("(")[2].partition(")")[0] for end in ends] == ["SIGSEGV", "exit code 3", "SIGKILL"]
    assert (Path.cwd(), signal.getsignal(signal.SIGTERM)) == (folder, handler)
    assert [entry["name"] for entry in updates[0]["session"]["tools"]] == ["get_time"]
    assert updates[0]["session"]["audio"]
    assert updates[1]["session"].keys() == {"type", "tools"}
    names = [entry["name"] for entry in updates[1]["session"]["tools"]]
    assert "segfault" in names and names[-1] == "get_time", "tools that are offered already stay"
    printed = [record.getMessage() for record in caplog.records if "a line of 1" in record.getMessage()]
    assert printed and len(caplog.records) < 5_000, "what is printed is logged, and not without end"


@pytest.mark.parametrize("times", [2, pytest.param(20, marks=pytest.mark.long)])
async def test_a_host_that_is_killed_in_every_call_is_answered_for_every_time(times: int) -> None:
    outputs, told, _ = await conversation(["segfault"] * times)
    assert outputs == [CASES["segfault"]] * times
    assert len([event for event in told if isinstance(event, ErrorShown)]) == times


async def test_an_import_that_never_ends_or_kills_leaves_the_others(tmp_path: Path) -> None:
    (tmp_path / "endless.py").write_text("import threading\nthreading.Event().wait()\n")
    (tmp_path / "dying.py").write_text("import os\nos._exit(7)\n")
    wanted = Order(("dying:x", "endless:x", TOOLS), (str(tmp_path), HERE, *sys.path))
    async with hosted(wanted, load_s=6.0, asked=["endless:x"]) as it:
        assert await it.pid() > 0
        lacks = [event.text for event in it.told if isinstance(event, Lacking)]
        assert lacks == [
            f"The tools {why} Correct the module, or leave it out."
            for why in (
                "'dying:x' are not offered: their import ended the process (exit code 7).",
                "'endless:x' are not offered: their import did not end.",
            )
        ]


async def test_calls_run_at_once_and_what_they_fail_with_is_masked_here(tmp_path: Path) -> None:
    async with hosted() as it:
        names = [str(tmp_path / name) for name in "ab"]
        assert await asyncio.gather(*(it.call("both", name=name) for name in names)) == ["met", "met"]
        assert json.loads(await it.call("wrong", number="7")) == {"error": "The tool failed: LookupError: no 7 at ***"}
        said = json.loads(await it.call("wrong", number="x"))["error"]
        assert said.startswith("Wrong arguments: number: Input should be a valid integer")


async def test_a_host_inherits_no_key_and_is_given_what_the_configuration_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LAMP_API_KEY", "swordfish-1")
    async with hosted(order(env={"GIVEN": "word"})) as it:
        assert json.loads(await it.call("secretive")) == ["none", "word"]


async def test_a_cancelled_call_that_ends_in_its_grace_keeps_its_host(tmp_path: Path) -> None:
    begun, ended = tmp_path / "begun", tmp_path / "ended"
    async with hosted() as it:
        pid = await it.pid()
        searching = asyncio.create_task(it.call("search", begun=str(begun), ended=str(ended)))
        await until(begun.exists)
        it.runner.interrupt(list(it.runner._running))
        assert "stopped" in await searching
        await until(ended.exists)
        await asyncio.sleep(0)
        assert await it.pid() == pid
    assert not runs(pid)
    assert not it.told


@pytest.mark.parametrize("name", ["stuck", "blocking"])
async def test_a_call_that_does_not_end_retires_its_host_which_stays_for_a_shielded_one(
    tmp_path: Path, name: str
) -> None:
    paid = tmp_path / "paid"
    async with hosted() as it:
        old = await it.pid()
        paying = asyncio.create_task(it.call("pay", until=str(paid)))
        late = asyncio.create_task(it.call("slow"))
        assert "no answer within 0.2 s" in await it.call(name)
        await until(lambda: bool(it.told))
        new = await it.pid()
        assert new != old and runs(old)
        assert not (paying.done() or late.done())
        paid.touch()
        assert int(await paying) == old
        assert "another call in it did not stop" in await late
        await until(lambda: not runs(old))
        assert await it.pid() == new
        (told,) = it.told
        assert isinstance(told, ErrorShown) and f"'{name}' did not stop" in told.message


async def test_a_tool_that_closes_the_wire_ends_its_host_only() -> None:
    async with hosted() as it:
        assert "whether the call took effect is not known" in await it.call("closing")
        assert await it.pid() > 0


async def test_a_host_ends_with_its_session(tmp_path: Path) -> None:
    async with hosted() as it:
        pid = await it.pid()
        begun, ended = tmp_path / "begun", tmp_path / "ended"
        searching = asyncio.create_task(it.call("search", begun=str(begun), ended=str(ended)))
        await until(begun.exists)
    assert ended.exists(), "a cancelled call has time to let go of what it holds"
    assert not runs(pid)
    await asyncio.gather(searching, return_exceptions=True)
