"""Calls of tools: whatever happens in one comes back as words, and the user's speech is heeded as each tool wants."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from engine.realtime.conversation.actions import ToolCall, ToolResult
from engine.realtime.tools.builtin import GET_WEATHER, get_weather
from engine.realtime.tools.results import MAX_OUTPUT_CHARS
from engine.realtime.tools.runner import MOST_CALLS, ToolRunner
from engine.realtime.tools.threads import MOST_THREADS
from engine.realtime.tools.tool import ToolError, tool, tool_of
from engine.redaction import Scrubber
from tests.realtime.tools.test_tool import dial


async def run(function: Any, arguments: str = "{}", scrubber: Scrubber | None = None) -> ToolResult:
    """Run one call."""
    runner = ToolRunner([tool_of(function)], scrubber)
    try:
        return await runner.run(ToolCall("c1", tool_of(function).name, arguments))
    finally:
        await runner.finish()


async def result_of(function: Any, arguments: str = "{}") -> tuple[Any, bool]:
    """Run one call and return the decoded output and whether it failed."""
    result = await run(function, arguments)
    return json.loads(result.output), result.failed


async def test_arguments_are_checked_and_converted() -> None:
    expected = {"number": "112", "rings": 5, "mode": "tone"}
    assert await result_of(dial, '{"number": "112", "rings": "5"}') == (expected, False)


@pytest.mark.parametrize(
    "arguments", ["{", "[]", "7", "{}", '{"number": "1", "rings": "many"}', '{"number": "1", "x": 1}', "[" * 100_000]
)
async def test_wrong_arguments_are_answered_with_what_is_wrong(arguments: str) -> None:
    output, failed = await result_of(dial, arguments)
    assert failed
    assert output["error"].startswith("Wrong arguments: ")


async def test_an_unknown_tool_is_an_answer() -> None:
    result = await ToolRunner([]).run(ToolCall("c1", "nothing", "{}"))
    assert result.failed
    assert "no tool 'nothing'" in result.output


async def test_a_timeout_is_an_answer_and_a_tools_own_is_another() -> None:
    release = threading.Event()

    @tool(timeout_s=0.01)
    async def endless() -> None:
        await asyncio.Event().wait()

    @tool(timeout_s=0.01)
    def stuck() -> None:
        release.wait(20)

    def own() -> None:
        raise TimeoutError("the kettle is slow")

    for function in (endless, stuck):
        output, failed = await result_of(function)
        assert failed
        assert "no answer within 0.01 s" in output["error"]
    release.set()
    output, _ = await result_of(own)
    assert output["error"] == "The tool failed: TimeoutError: the kettle is slow"


def raising(error: BaseException, *, in_thread: bool) -> Callable[[], Any]:
    """A tool that fails."""

    def plain() -> None:
        raise error

    async def asynchronous() -> None:
        raise error

    return plain if in_thread else asynchronous


@pytest.mark.parametrize("in_thread", [True, False])
@pytest.mark.parametrize(
    ("error", "words"),
    [
        (KeyError("no such person"), "The tool failed: KeyError: 'no such person'"),
        (ToolError("There is no room 'attic'."), "There is no room 'attic'."),
        (ToolError("Key swordfish-1 is old."), "Key *** is old."),
        (
            FileNotFoundError(2, "No such file", "/srv/someone/plans/bomb.txt"),
            "The tool failed: FileNotFoundError: [Errno 2] No such file: 'bomb.txt'",
        ),
        (OSError("C:\\Users\\me\\a.txt and ~/.ssh/id are gone"), "The tool failed: OSError: a.txt and id are gone"),
        (
            RuntimeError(
                "GET https://me:pw@h.example/x?key=abc failed, Bearer abc.def, key-abcdefghijklmnop1234567890"
            ),
            "The tool failed: RuntimeError: GET https://*** failed, Bearer ***, ***",
        ),
        (RuntimeError("swordfish-1"), "The tool failed: RuntimeError: ***"),
        (StopIteration(), "The tool failed: RuntimeError"),
        (asyncio.CancelledError(), "cancelled"),
        (SystemExit(3), "The tool "),
    ],
)
async def test_a_failure_is_told_without_paths_and_secrets(error: BaseException, words: str, in_thread: bool) -> None:
    result = await run(raising(error, in_thread=in_thread), scrubber=Scrubber(["swordfish-1"]))
    assert result.failed
    told = json.loads(result.output)["error"]
    assert words.casefold() in told.casefold()
    assert "swordfish" not in told


@dataclass
class Seat:
    row: int
    price: Decimal


class Ticket(BaseModel):
    seat: Seat
    at: datetime


async def test_results_are_any_value_that_json_can_hold() -> None:
    def book() -> dict[str, Any]:
        ticket = Ticket(seat=Seat(3, Decimal("12.50")), at=datetime(2026, 11, 25, 18, tzinfo=UTC))
        return {"ticket": ticket, "free": {7}, "path": Path("a.txt"), "raw": b"\xff", "nothing": None}

    output, failed = await result_of(book)
    assert not failed
    assert output == {
        "ticket": {"seat": {"row": 3, "price": "12.50"}, "at": "2026-11-25T18:00:00Z"},
        "free": [7],
        "path": "a.txt",
        "raw": "_w==",
        "nothing": None,
    }


async def test_what_json_cannot_hold_is_an_error_and_what_is_long_is_cut() -> None:
    endless: list[Any] = []
    endless.append(endless)

    for value in (object(), endless):
        output, failed = await result_of(tool(name="odd")(lambda value=value: value))
        assert failed
        assert "cannot hold" in output["error"]

    def long() -> str:
        return "x" * (MAX_OUTPUT_CHARS + 5)

    result = await run(long)
    assert result.output.endswith("[cut: 5 more characters]")
    assert result.cut_chars == 5


async def test_calls_run_at_once_and_too_many_are_told_to_wait() -> None:
    started, go = asyncio.Semaphore(0), asyncio.Event()

    async def wait() -> str:
        started.release()
        await go.wait()
        return "done"

    runner = ToolRunner([tool_of(wait)])
    calls = [asyncio.create_task(runner.run(ToolCall(f"c{number}", "wait", "{}"))) for number in range(MOST_CALLS)]
    for _ in calls:
        await started.acquire()
    extra = await runner.run(ToolCall("extra", "wait", "{}"))
    assert extra.failed
    assert "try again later" in extra.output
    go.set()
    assert {(await call).output for call in calls} == {"done"}


async def test_threads_that_hang_do_not_stop_the_others_until_there_are_too_many() -> None:
    release = threading.Event()

    @tool(timeout_s=0.01)
    def stuck() -> None:
        release.wait(20)

    runner = ToolRunner([tool_of(stuck), tool_of(dial)])
    try:
        for number in range(MOST_THREADS - 1):
            await runner.run(ToolCall(f"s{number}", "stuck", "{}"))
        assert not (await runner.run(ToolCall("d1", "dial", '{"number": "1"}'))).failed
        await runner.run(ToolCall("last", "stuck", "{}"))
        refused = await runner.run(ToolCall("d2", "dial", '{"number": "1"}'))
        assert "Too many calls" in refused.output
    finally:
        release.set()


async def test_a_thread_that_cannot_be_started_gives_its_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    runner = ToolRunner([tool_of(dial)])
    call = ToolCall("d", "dial", '{"number": "1"}')
    with monkeypatch.context() as exhausted:
        exhausted.setattr(threading.Thread, "start", refuse)
        for _ in range(MOST_THREADS):
            refused = await runner.run(call)
            assert refused.failed
            assert "try again later" in refused.output
    assert not (await runner.run(call)).failed


def test_a_thread_that_hangs_does_not_keep_python_from_ending() -> None:
    code = (
        "import asyncio, threading\n"
        "from engine.realtime.conversation.actions import ToolCall\n"
        "from engine.realtime.tools.runner import ToolRunner\n"
        "from engine.realtime.tools.tool import tool, tool_of\n"
        "@tool(timeout_s=0.01)\n"
        "def stuck() -> None:\n"
        "    threading.Event().wait()\n"
        "async def main():\n"
        "    runner = ToolRunner([tool_of(stuck)])\n"
        "    print((await runner.run(ToolCall('c', 'stuck', '{}'))).output)\n"
        "    await runner.finish()\n"
        "asyncio.run(main())\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert "no answer" in ended.stdout


@pytest.mark.parametrize("policy", ["cancel", "finish", "shield"])
@pytest.mark.parametrize("in_thread", [True, False])
async def test_when_the_user_speaks_each_tool_does_what_it_wants(policy: str, in_thread: bool) -> None:
    release, go = threading.Event(), asyncio.Event()
    cleaned: list[str] = []

    @tool(name="work", on_interrupt=policy)
    def plain() -> str:
        release.wait(20)
        return "done"

    @tool(name="work", on_interrupt=policy)
    async def asynchronous() -> str:
        try:
            await go.wait()
        finally:
            cleaned.append("cleaned")
        return "done"

    runner = ToolRunner([tool_of(plain if in_thread else asynchronous)])
    call = asyncio.create_task(runner.run(ToolCall("c1", "work", "{}")))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    runner.interrupt(["c1", "unknown"])
    if policy == "cancel":
        result = await call
        assert (result.failed, result.stopped) == (True, True)
        assert "The user spoke" in result.output
    else:
        release.set()
        go.set()
        result = await call
        assert (result.output, result.stopped) == ("done", False)
    release.set()
    await runner.finish()
    assert cleaned == ([] if in_thread else ["cleaned"])


async def test_a_call_that_refuses_to_be_cancelled_is_answered_all_the_same() -> None:
    go = asyncio.Event()

    @tool(on_interrupt="cancel")
    async def stubborn() -> None:
        while not go.is_set():
            try:
                await go.wait()
            except asyncio.CancelledError:
                continue

    runner = ToolRunner([tool_of(stubborn)])
    call = asyncio.create_task(runner.run(ToolCall("c1", "stubborn", "{}")))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    runner.interrupt(["c1"])
    assert (await call).stopped
    go.set()
    await runner.finish()


async def test_the_end_waits_for_what_is_shielded_and_for_nothing_else() -> None:
    go, ended = asyncio.Event(), []

    @tool(on_interrupt="shield")
    async def pay() -> None:
        await go.wait()
        ended.append("paid")

    @tool(on_interrupt="finish")
    async def look() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("looked no more")

    runner = ToolRunner([tool_of(pay), tool_of(look)])
    calls = [asyncio.create_task(runner.run(ToolCall(name, name, "{}"))) for name in ("pay", "look")]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert runner.held_up_by == ["pay"]
    finishing = asyncio.create_task(runner.finish())
    await asyncio.wait([calls[1]])
    assert not finishing.done()
    go.set()
    await finishing
    assert ended == ["looked no more", "paid"]
    await asyncio.wait(calls)


async def test_who_is_in_a_hurry_waits_for_nothing() -> None:
    @tool(on_interrupt="shield")
    async def pay() -> None:
        await asyncio.Event().wait()

    runner = ToolRunner([tool_of(pay)])
    call = asyncio.create_task(runner.run(ToolCall("c1", "pay", "{}")))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    finishing = asyncio.create_task(runner.finish())
    await asyncio.sleep(0)
    runner.hurry()
    await finishing
    assert "cancelled" in (await call).output


def test_the_weather_is_the_same_in_every_process() -> None:
    code = (
        "import json; from engine.realtime.tools.builtin import get_weather; print(json.dumps(get_weather('Казань')))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(ended.stdout) == get_weather("Казань")
    assert get_weather("Казань") != get_weather("Омск")


def test_the_weather_is_told_in_the_language_of_the_citys_name() -> None:
    assert re.search("[а-я]", get_weather("Казань")["condition"] + get_weather("Казань")["advice"])
    assert not re.search("[а-я]", json.dumps(get_weather("Paris"), ensure_ascii=False))


@pytest.mark.parametrize("arguments", ["{}", '{"city": ""}', '{"city": "  ", "country": "RU"}', '{"city": null}'])
async def test_no_city_is_moscow_as_in_the_tutorial(arguments: str) -> None:
    result = await ToolRunner([GET_WEATHER]).run(ToolCall("c", "get_weather", arguments))
    assert json.loads(result.output)["city"] == "Москва"


async def test_a_failure_with_a_long_text_is_told_at_once() -> None:
    """The patterns that take keys out of it need quadratic time."""

    def fail(day: str) -> None:
        raise ValueError(day)

    began_s = time.perf_counter()
    output, failed = await result_of(fail, json.dumps({"day": "a-" * 30_000}))
    assert failed
    assert len(output["error"]) < 2000
    assert time.perf_counter() - began_s < 5  # 90 s before
