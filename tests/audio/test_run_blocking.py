"""Calls that may hang: waited for as long as agreed, and what comes too late is cleared away."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from engine.audio.run_blocking import run_blocking

PATIENCE_S = 20.0


class Slow:
    """A call that returns when it is let."""

    def __init__(self) -> None:
        self.began, self.may_return, self.cleared = (threading.Event() for _ in range(3))

    def __call__(self) -> str:
        self.began.set()
        assert self.may_return.wait(PATIENCE_S)
        return "a stream"

    def clear(self, result: str) -> None:
        assert result == "a stream"
        self.cleared.set()


async def begun(slow: Slow) -> None:
    assert await asyncio.to_thread(slow.began.wait, PATIENCE_S)


async def test_the_loop_turns_while_the_call_runs_and_its_result_is_kept() -> None:
    slow = Slow()
    running = asyncio.create_task(run_blocking(slow, discard=slow.clear))
    await begun(slow)
    slow.may_return.set()
    assert await running == "a stream"
    assert not slow.cleared.is_set()


async def test_an_error_comes_through() -> None:
    with pytest.raises(ZeroDivisionError):
        await run_blocking(lambda: 1 // 0)


async def test_a_call_that_hangs_is_left_and_its_late_result_cleared_away() -> None:
    slow = Slow()
    with pytest.raises(TimeoutError):
        await run_blocking(slow, timeout_s=0.05, discard=slow.clear)
    slow.may_return.set()
    assert await asyncio.to_thread(slow.cleared.wait, PATIENCE_S)


async def test_a_call_is_not_made_if_nobody_waits_any_more_when_its_thread_begins(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    begin: list[Callable[[], None]] = []

    class SlowToBegin(threading.Thread):
        def start(self) -> None:
            begin.append(self.run)

    monkeypatch.setattr(threading, "Thread", SlowToBegin)
    done: list[str] = []
    with pytest.raises(TimeoutError):
        await run_blocking(lambda: done.append("called"), timeout_s=0.0, discard=lambda _: done.append("discarded"))
    await asyncio.sleep(0)
    (run,) = begin
    run()
    assert done == []
    assert not caplog.records


async def test_who_is_cancelled_waits_for_the_call_and_its_result_is_cleared_away() -> None:
    slow = Slow()
    running = asyncio.create_task(run_blocking(slow, discard=slow.clear))
    await begun(slow)
    running.cancel()
    for _ in range(10):
        await asyncio.sleep(0)
    assert not running.done()
    slow.may_return.set()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert slow.cleared.is_set()


async def test_who_is_cancelled_does_not_wait_for_ever() -> None:
    slow = Slow()
    running = asyncio.create_task(run_blocking(slow, grace_s=0.05, discard=slow.clear))
    await begun(slow)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    slow.may_return.set()
    assert await asyncio.to_thread(slow.cleared.wait, PATIENCE_S)


def test_a_loop_that_is_gone_is_no_error() -> None:
    slow = Slow()
    failures: list[object] = []
    before = threading.excepthook
    threading.excepthook = failures.append
    try:

        async def leave() -> None:
            with pytest.raises(TimeoutError):
                await run_blocking(slow, timeout_s=0.01, discard=slow.clear)

        asyncio.run(leave())
        slow.may_return.set()
        assert slow.cleared.wait(PATIENCE_S)
        for thread in threading.enumerate():
            if thread.name == "voice-blocking":
                thread.join(PATIENCE_S)
    finally:
        threading.excepthook = before
    assert failures == []
