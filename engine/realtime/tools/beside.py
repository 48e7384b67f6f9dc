"""An event loop beside the session's for `async` tools loaded by name: what they block is not the conversation."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import TypeVar

_T = TypeVar("_T")


class LoopBeside:
    """One loop in a daemon thread, which the first call starts; its calls may share what belongs to a loop.

    Example:
        >>> async def answer() -> int:
        ...     return 42
        >>> beside = LoopBeside()
        >>> asyncio.run(beside.run(answer()))
        42
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    async def run(self, call: Coroutine[object, object, _T]) -> _T:
        """Run a coroutine there; one that is cancelled here is cancelled there, and not waited for."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            threading.Thread(target=_serve, args=[self._loop], name="voice-tools", daemon=True).start()
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(call, self._loop))

    async def close(self, patience_s: float) -> None:
        """Cancel what still runs, and give it some time to let go of what it holds; then the loop ends."""
        loop, self._loop = self._loop, None
        if loop is None:
            return
        ending = asyncio.run_coroutine_threadsafe(_end_all(), loop)
        await asyncio.wait([asyncio.wrap_future(ending)], timeout=patience_s)
        loop.call_soon_threadsafe(loop.stop)


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    loop.run_forever()
    loop.close()


async def _end_all() -> None:
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
