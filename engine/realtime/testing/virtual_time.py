"""An event loop whose time is virtual: when nothing is ready, it jumps to the next timer instead of waiting for it.

Descriptors still work: what is readable is served before time moves, so the audio kernel wakes its reader as it does
in earnest. Time stands still while a thread works for the loop (`run_in_executor`), or a tool would run into its
timeout at once. Other processes and real sockets know nothing of this time: do not mix them with it.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple, Unpack

START_S = 1000.0
"""First time of the clock: not 0, which means "no clock" to the audio side."""
_STUCK_S = 10.0
"""Real seconds after which a loop without any timer counts as stuck; only a thread could still call it."""

_Result = TypeVar("_Result")
_Arguments = TypeVarTuple("_Arguments")


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """The loop; `run_virtual` is the usual way to it."""

    def __init__(self) -> None:
        self._now_s = START_S
        self._in_threads = 0
        super().__init__(_JumpingSelector(self._advance, lambda: self._in_threads > 0))

    def time(self) -> float:
        """Return the virtual time in seconds."""
        return self._now_s

    def run_in_executor(
        self,
        executor: Executor | None,
        func: Callable[[Unpack[_Arguments]], _Result],
        *args: *_Arguments,
    ) -> asyncio.Future[_Result]:
        """Run a function in a thread; no time passes until it has returned or its caller gives it up."""
        future = super().run_in_executor(executor, func, *args)
        self._in_threads += 1
        future.add_done_callback(self._back_from_thread)
        return future

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - asyncio's own
        """Wait for the threads in their own time."""
        self._in_threads += 1
        try:
            await super().shutdown_default_executor()
        finally:
            self._in_threads -= 1

    def _back_from_thread(self, _: asyncio.Future[Any]) -> None:
        self._in_threads -= 1

    def _advance(self, seconds: float) -> None:
        self._now_s += seconds


class _JumpingSelector(selectors.BaseSelector):
    """A selector that never waits: where the loop would, it moves the clock."""

    def __init__(self, advance: Callable[[float], None], stands_still: Callable[[], bool]) -> None:
        self._real = selectors.DefaultSelector()
        self._advance = advance
        self._stands_still = stands_still

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._real.select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if self._stands_still():
            return self._real.select(None)
        if timeout is None:
            ready = self._real.select(_STUCK_S)
            if not ready:
                raise RuntimeError("No timer is set and nothing is ready: this program waits for ever.")
            return ready
        self._advance(timeout)
        return []


def run_virtual(main: Coroutine[Any, Any, _Result], *, at_most_s: float = 600.0) -> _Result:
    """Run a coroutine in virtual time and return its result.

    Args:
        main: The coroutine.
        at_most_s: Virtual seconds it may take: what waits for something that never comes ends there.

    Raises:
        TimeoutError: it took longer.

    Example:
        >>> run_virtual(asyncio.sleep(30, "half a minute later"))
        'half a minute later'
    """

    async def bounded() -> _Result:
        async with asyncio.timeout(at_most_s):
            return await main

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(bounded())
