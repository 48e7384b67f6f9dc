"""Wake-ups of the loop by the audio thread and by the clock."""

from __future__ import annotations

import asyncio
import os
import sys

import numpy as np
import pytest

from engine.audio.port.audio_port import AudioPort
from engine.audio.port.loop_waker import LoopWaker
from engine.realtime.testing import run_virtual

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
            os.write(waker.descriptor, (1).to_bytes(8, sys.byteorder))
        await asyncio.sleep(max(0.0, began_s + 20.1 - loop.time()))
        waker.close()
        await asyncio.sleep(10)
        ticks = [at_s - began_s for signalled, at_s in calls if not signalled]
        assert ticks == pytest.approx([TICK_S * number for number in range(1, len(ticks) + 1)])
        assert len(ticks) == 20 / TICK_S
        assert sum(signalled for signalled, _ in calls) == signals

    run_virtual(run())


async def test_where_nothing_can_signal_a_descriptor_the_loop_looks_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as windows:
        windows.delattr(os, "eventfd", raising=False)
        windows.setattr(sys, "platform", "win32")
        waker = LoopWaker(tick_s=0.02)
    assert waker.descriptor == -1
    calls: asyncio.Queue[bool] = asyncio.Queue()
    waker.watch(calls.put_nowait)
    assert await calls.get()
    while await calls.get():
        pass
    assert await calls.get()
    waker.close()
