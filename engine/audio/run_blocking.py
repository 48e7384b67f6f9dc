"""Bounded waiting for a blocking call in a thread of its own, and uninterrupted waiting for a task."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Callable
from typing import Any, TypeVar

from engine.daemon_thread import DaemonThread

T = TypeVar("T")
_LEFT_S = 0.6
"""Time that is given what nothing follows after: Ctrl+C ends a conversation within a second."""


async def run_blocking(
    call: Callable[[], T],
    *,
    timeout_s: float = math.inf,
    grace_s: float = _LEFT_S,
    discard: Callable[[T], None] = lambda _: None,
) -> T:
    """Return what `call` returns, from a daemon thread.

    A cancelled caller still waits a moment for the blocking call to return, so that nothing else happens beside it; a
    sound server that hangs takes half a minute to refuse.

    Args:
        call: Blocking, and perhaps hanging: opening or closing a stream of a sound server that is half dead.
        timeout_s: How long to wait for it.
        grace_s: How long to wait for it where the caller is cancelled.
        discard: Is given a result that comes too late.

    Raises:
        TimeoutError: it has not returned; the thread is left behind.
        BaseException: what the call raises.

    Example:
        >>> await run_blocking(lambda: sum(range(1000)), timeout_s=60.0)
        499500
    """
    thread = DaemonThread()
    waiting = asyncio.get_running_loop().run_in_executor(thread, call)
    cancelled = False
    deadline_s = time.monotonic() + timeout_s
    while not waiting.done() and (left_s := deadline_s - time.monotonic()) > 0:
        try:
            await asyncio.wait({waiting}, timeout=None if left_s == math.inf else left_s)
        except asyncio.CancelledError:
            deadline_s = min(deadline_s, time.monotonic() + grace_s)
            cancelled = True
    if waiting.done() and not cancelled:
        return waiting.result()
    if not waiting.cancel():
        waiting.exception()  # nobody is told
    # In the thread, when the result comes; here, if it just came; a call that was never made has none.
    thread.outcome.add_done_callback(
        lambda late: None if late.cancelled() or late.exception() else discard(late.result())
    )
    if cancelled:
        raise asyncio.CancelledError
    raise TimeoutError


async def close_blocking(close: Callable[[], None], timeout_s: float = _LEFT_S) -> None:
    """Close something in a thread of its own; what hangs is left behind with its memory.

    Args:
        close: Closes it.
        timeout_s: How long to wait for it.

    Raises:
        BaseException: what the call raises.
    """
    with contextlib.suppress(TimeoutError):
        await run_blocking(close, timeout_s=timeout_s)


async def wait_out(task: asyncio.Future[Any]) -> None:
    """Wait until a task is over, also if we are cancelled meanwhile; what it ends with is nobody's concern.

    Raises:
        CancelledError: we were.
    """
    cancelled = False
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        raise asyncio.CancelledError
