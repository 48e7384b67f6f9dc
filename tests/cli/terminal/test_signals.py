"""Signals that end a conversation in order, those of Windows among them."""

from __future__ import annotations

import asyncio
import importlib
import signal
from collections.abc import Iterator
from types import ModuleType

import pytest

from cli.terminal import signals

BREAK = getattr(signal, "SIGBREAK", getattr(signal, "SIGUSR1", signal.SIGTERM))
"""Ctrl+Break, or a signal of this system in its place."""


@pytest.fixture
def with_break(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    with monkeypatch.context() as windows:
        windows.setattr(signal, "SIGBREAK", BREAK, raising=False)
        yield importlib.reload(signals)
    importlib.reload(signals)


async def test_ctrl_break_ends_a_conversation_in_order_as_ctrl_c_does(
    with_break: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(with_break.INTERRUPTS, "count", 0)  # the second one would end the process
    stopped = asyncio.Event()
    before = signal.getsignal(BREAK)
    with with_break.stop_signals(stopped.set):
        assert signal.getsignal(BREAK) == with_break.INTERRUPTS.take, "it would end the tests"
        signal.raise_signal(BREAK)
        async with asyncio.timeout(60):
            await stopped.wait()
    assert signal.getsignal(BREAK) == before
