"""Wake-ups of the loop by the audio thread and by the clock."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable

import numpy as np
import pytest

from engine.audio.port.audio_port import AudioPort
from engine.audio.port.loop_waker import LoopWaker
from engine.realtime.testing import run_virtual
from tests.support.tcp_pair import tcp_pair

RATE_HZ = 48000
TICK_S = 0.25


async def test_kernel_wakes_the_loop_when_asked() -> None:
    waker = LoopWaker(tick_s=0.02)
    calls: asyncio.Queue[bool] = asyncio.Queue()
    waker.watch(calls.put_nowait)
    port = AudioPort()
    port.set_wake_descriptor(waker.descriptor)
    port.attach_input(RATE_HZ, 1)
    port.wake_at_captured(960)
    port.process(np.zeros((480, 1), np.float32), None)
    assert not await calls.get()
    port.process(np.zeros((480, 1), np.float32), None)
    assert True in [await calls.get(), await calls.get()]
    assert not await calls.get()
    waker.close()


@pytest.mark.parametrize(("period_s", "signals"), [(0.02, 1000), (0.0213, 939), (0.3, 67), (20.0, 0)])
def test_ticks_keep_their_rhythm_beside_signals_and_without(period_s: float, signals: int) -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        waker = LoopWaker(TICK_S)
        calls: list[tuple[bool, float]] = []
        waker.watch(lambda signalled: calls.append((signalled, loop.time())))
        began_s = loop.time()
        for _ in range(signals):
            await asyncio.sleep(period_s)
            waker.signal()
        await asyncio.sleep(max(0.0, began_s + 20.1 - loop.time()))
        waker.close()
        await asyncio.sleep(10)
        ticks = [at_s - began_s for signalled, at_s in calls if not signalled]
        assert ticks == pytest.approx([TICK_S * number for number in range(1, len(ticks) + 1)])
        assert len(ticks) == 20 / TICK_S
        assert sum(signalled for signalled, _ in calls) == signals

    run_virtual(run())


@pytest.mark.parametrize("pair", [socket.socketpair, tcp_pair])
async def test_a_loop_that_watches_no_descriptors_is_woken_too(
    monkeypatch: pytest.MonkeyPatch, pair: Callable[[], tuple[socket.socket, socket.socket]]
) -> None:
    """Windows' loop has no readers, and Windows no eventfd."""

    def no_reader(*_: object) -> None:
        raise NotImplementedError

    with monkeypatch.context() as windows:
        windows.setattr(sys, "platform", "win32")
        windows.setattr(socket, "socketpair", pair)
        waker = LoopWaker(tick_s=60.0)
    calls: asyncio.Queue[bool] = asyncio.Queue()

    def on_wake(signalled: bool) -> None:
        calls.put_nowait(signalled)
        raise RuntimeError("an observer's mistake")

    reported: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: reported.append(context["exception"]))
    waker.signal()
    with monkeypatch.context() as windows:
        windows.setattr(type(loop), "add_reader", no_reader)
        waker.watch(on_wake)
    port = AudioPort()
    port.set_wake_descriptor(waker.descriptor)
    port.attach_input(RATE_HZ, 1)
    port.wake_at_captured(480)
    async with asyncio.timeout(60):
        assert await calls.get()
        port.process(np.zeros((480, 1), np.float32), None)
        assert await calls.get()
    assert [str(error) for error in reported] == ["an observer's mistake"] * 2
    port.set_wake_descriptor(-1)
    waker.signal()
    waker.stop()
    for _ in range(10):
        await asyncio.sleep(0)
    assert calls.empty()
    waker.close()
