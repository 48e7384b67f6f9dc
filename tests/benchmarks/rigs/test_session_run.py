"""`voice bench session`: a real session over a real socket, on the virtual backend's clock."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from functools import partial
from typing import Any

import pytest

from benchmarks.case import Interrupted
from benchmarks.cases import session
from benchmarks.registry import BENCHMARKS
from benchmarks.rigs.service_process import ScriptedService
from benchmarks.rigs.session_run import SessionFigures, run_session, since
from engine.audio.types import StreamRequest
from engine.realtime.tools.host.process import HostProcess
from engine.realtime.tools.results import Output

pytestmark = pytest.mark.timing

PARTS = ("capture_to_wire", "wire_to_ring", "barge_in_to_silence", "turn")


def test_an_effect_belongs_to_the_last_cause_before_it() -> None:
    assert since([0, 50_000_000], [2_000_000, 51_000_000]) == [2.0, 1.0]
    assert since([10_000_000], [9_000_000]) == []
    assert since([], [1]) == []
    assert since([0], [2_000_000_000]) == [], "nothing is two seconds late: it was caused by something else"


def test_turns_are_held_and_every_part_of_them_is_measured() -> None:
    figures = SessionFigures()
    run_session(3.0, figures, StreamRequest(), "virtual")
    assert figures.info is not None
    assert figures.info.backend == "virtual"
    assert figures.turns >= 2
    assert len(figures.capture_to_wire) >= 50
    for part in PARTS[1:]:
        # The first interrupts nothing, and an answer that a slow machine plays too late is interrupted unheard.
        assert 1 <= len(getattr(figures, part)) <= figures.turns
    for part in PARTS:
        assert min(getattr(figures, part)) > 0
    assert figures.idle_cpu_percent is not None
    assert 0 < figures.idle_cpu_percent < 400
    assert figures.memory_mb is None or figures.memory_mb > 20


def test_one_session_serves_all_four_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[float] = []

    def hold(seconds: float, figures: SessionFigures, devices: StreamRequest, *, busy: bool) -> None:
        assert not busy
        held.append(seconds)
        run_session(seconds, figures, devices, "virtual")

    monkeypatch.setattr(session, "run_session", hold)
    results = [case.measure(case.quick_s) for case in session.cases(StreamRequest())[: len(PARTS)]]
    assert [result.case for result in results] == [f"session/{part}" for part in PARTS]
    assert held == [session.cases(StreamRequest())[0].quick_s]
    for result in results:
        samples = result.extra["samples"]
        assert result.ours.p50 <= result.extra["p95"] <= result.ours.p99 + 1e-3 <= result.extra["max"] + 2e-3
        assert result.extra["count"] == len(samples) > 0
        assert result.extra["max"] == max(samples)
    assert results[-1].extra.keys() >= {"turns", "cpu_percent", "idle_cpu_percent", "memory_mb", "backend"}


def test_the_busy_ways_are_measured_beside_a_tool_that_runs_in_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    call = HostProcess.call

    async def counted(self: HostProcess, tool: str, arguments: dict[str, Any], *, is_shielded: bool) -> Output:
        calls.append(tool)
        return await call(self, tool, arguments, is_shielded=is_shielded)

    monkeypatch.setattr(HostProcess, "call", counted)
    monkeypatch.setattr(session, "run_session", partial(run_session, backend_name="virtual"))
    cases = BENCHMARKS["session"].cases(busy=True)
    busy = [case for case in cases if "/busy/" in case.name]
    assert [case.name for case in busy] == [f"session/busy/{part}" for part in PARTS]
    assert busy[0].measure(busy[0].quick_s).extra["count"] > 0
    assert calls == ["keep_busy"]
    assert "session/turn" in [case.name for case in cases]


def test_ctrl_c_keeps_the_turns_that_were_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "run_session", partial(run_session, backend_name="virtual"))
    interrupts = threading.Timer(4.0, lambda: os.kill(os.getpid(), signal.SIGINT))

    def raise_interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGINT, raise_interrupt)
    try:
        interrupts.start()
        with pytest.raises(Interrupted) as kept:
            session.cases(StreamRequest())[0].measure(60.0)
    finally:
        interrupts.join()
        signal.signal(signal.SIGINT, previous)
    parts = {result.case.partition("/")[2]: result.extra for result in kept.value.results}
    assert parts["capture_to_wire"]["count"] > 10
    assert "cpu_percent" not in parts["capture_to_wire"]


async def test_the_scripted_service_is_a_process_that_ends_in_order_or_at_once() -> None:
    async with ScriptedService(0.0) as service:
        assert service.url.startswith("ws://127.0.0.1:")
        assert await service.finish() == {}
    async with ScriptedService(0.0) as service:
        address = service.url.split("/")[2].split(":")
        _, writer = await asyncio.open_connection(address[0], int(address[1]))
        writer.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(address[0], int(address[1]))
