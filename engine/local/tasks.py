"""Work that runs beside a client's next events and has to end with the session."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any


class Tasks:
    """A group of tasks; what ends leaves it."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._running)

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something to its end, or until the client is gone and nobody is left to tell."""
        task = asyncio.create_task(_while_connected(work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        task.add_done_callback(lambda _: work.close())  # cancelled before its first step, it was never awaited
        return task

    async def until_fewer_than(self, count: int) -> None:
        """Wait until so few run."""
        while len(self._running) >= count:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)

    async def all_done(self) -> None:
        """Wait for those that run now."""
        if self._running:
            await asyncio.wait(self._running)

    async def close(self) -> None:
        """Cancel what runs and wait for its end."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)


async def _while_connected(work: Coroutine[Any, Any, None]) -> None:
    with contextlib.suppress(ConnectionError):
        await work
