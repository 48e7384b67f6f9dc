"""How the audio thread wakes the loop, and how the clock's ticks come with its signals."""

from __future__ import annotations

import asyncio
import os
import sys

import numpy as np
import pytest

from engine.audio.port import AudioPort
from engine.audio.wake import Wake
from engine.realtime.testing import run_virtual

RATE_HZ = 48000
TICK_S = 0.25


async def test_kernel_wakes_the_loop_when_asked() -> None:
    wake = Wake(tick_s=0.02)
    calls: asyncio.Queue[bool] = asyncio.Queue()
    wake.watch(calls.put_nowait)
    port = AudioPort()
    port.set_wake_descriptor(wake.descriptor)
    port.attach_input(RATE_HZ, 1)
    port.wake_at_captured(960)
    port.process(np.zeros((480, 1), np.float32), None)
    assert not await calls.get()
    port.process(np.zeros((480, 1), np.float32), None)
    assert True in [await calls.get(), await calls.get()]
    assert not await calls.get()
    wake.close()


@pytest.mark.parametrize("period_s", [0.01, 0.02, 0.0213, 0.06])
def test_ticks_come_with_signals_and_go_on_without(period_s: float) -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        wake = Wake(TICK_S)
        signals: list[float] = []
        ticks: list[float] = []
        wake.watch(lambda signalled: (signals if signalled else ticks).append(loop.time()))
        ends_s = loop.time() + 20
        while loop.time() < ends_s:
            await asyncio.sleep(period_s)
            wake.signal()
        await asyncio.sleep(0)
        last_s = signals[-1]
        alone = [tick_s for tick_s in ticks if tick_s not in signals]
        assert len(alone) <= 1
        assert len(ticks) == pytest.approx(20 / TICK_S, rel=0.25)
        await asyncio.sleep(10)
        wake.close()
        silent = [tick_s for tick_s in ticks if tick_s > last_s]
        assert silent[0] - last_s <= 3 * TICK_S
        assert len(silent) == pytest.approx(10 / TICK_S, rel=0.25)
        await asyncio.sleep(10)
        assert ticks[-1] == silent[-1]

    run_virtual(run())


async def test_where_nothing_can_signal_a_descriptor_the_loop_looks_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as windows:
        windows.delattr(os, "eventfd", raising=False)
        windows.setattr(sys, "platform", "win32")
        wake = Wake(tick_s=0.02)
    assert wake.descriptor == -1
    calls: asyncio.Queue[bool] = asyncio.Queue()
    wake.watch(calls.put_nowait)
    assert await calls.get()
    while await calls.get():
        pass
    assert await calls.get()
    wake.close()
