"""Waiting that does not hang, or is not left: for a call in a thread of its own, and for what must end before we do."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class _Call(Generic[T]):
    """One call, between the thread that makes it and the coroutine that waits for it."""

    def __init__(self, call: Callable[[], T], discard: Callable[[T], None]) -> None:
        self._call = call
        self._discard = discard
        self._lock = threading.Lock()
        self._abandoned = False
        self._error: BaseException | None = None
        self._results: list[T] = []

    def run(self) -> None:
        """Make the call; what nobody waits for any more is discarded here."""
        try:
            result = self._call()
        except BaseException as error:
            self._error = error
        else:
            with self._lock:
                if not self._abandoned:
                    self._results.append(result)
            if not self._results:
                self._discard(result)

    def take(self) -> T:
        """The result, or the error; only once it is over."""
        if self._error is not None:
            raise self._error
        return self._results.pop()

    def abandon(self) -> None:
        """Discard the result, now or when it comes."""
        with self._lock:
            self._abandoned = True
        for result in self._results:
            self._discard(result)


class _DaemonThreads(Executor):
    """One thread for each call, which does not keep the process from ending."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Start a thread for a function that raises nothing."""
        future: Future[Any] = Future()

        def work() -> None:
            result = fn(*args, **kwargs)
            if future.set_running_or_notify_cancel():
                future.set_result(result)

        threading.Thread(target=work, daemon=True, name="voice-aside").start()
        return future


_GRACE_S = 5.0


async def aside(
    call: Callable[[], T], *, timeout_s: float = math.inf, discard: Callable[[T], None] = lambda _: None
) -> T:
    """Return what `call` returns, from a daemon thread.

    Who is cancelled waits for the call all the same, up to 5 s, so that nothing else happens beside it.

    Args:
        call: Blocking, and perhaps hanging: opening or closing a stream of a sound server that is half dead.
        timeout_s: How long to wait for it.
        discard: Is given a result that comes too late.

    Raises:
        TimeoutError: it has not returned; the thread is left behind.
        BaseException: what the call raises.

    Example:
        >>> stream = await aside(open_stream, discard=lambda stream: stream.close())
    """
    running = _Call(call, discard)
    waiting = asyncio.get_running_loop().run_in_executor(_DaemonThreads(), running.run)
    cancelled = False
    deadline_s = time.monotonic() + timeout_s
    while not waiting.done() and (left_s := deadline_s - time.monotonic()) > 0:
        try:
            await asyncio.wait({waiting}, timeout=None if left_s == math.inf else left_s)
        except asyncio.CancelledError:
            deadline_s = min(deadline_s, time.monotonic() + _GRACE_S)
            cancelled = True
    if waiting.done() and not cancelled:
        return running.take()
    waiting.cancel()
    running.abandon()
    if cancelled:
        raise asyncio.CancelledError
    raise TimeoutError


async def wait_out(task: asyncio.Future[Any]) -> None:
    """Wait until a task is over, also if we are cancelled meanwhile; what it ends with is nobody's concern.

    Raises:
        CancelledError: we were.

    Example:
        >>> task.cancel()
        >>> await wait_out(task)
    """
    cancelled = False
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        raise asyncio.CancelledError
