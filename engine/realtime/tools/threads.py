"""Threads for tools that are plain functions; one that hangs never keeps the program from ending."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, ParamSpec, TypeVar

from engine.realtime.tools.tool import ToolError

MOST_THREADS = 16
_P = ParamSpec("_P")
_T = TypeVar("_T")


class ToolThreads(Executor):
    """One daemon thread for each call: Python waits for those of a pool before it ends, however long they hang.

    Example:
        >>> import asyncio
        >>> await asyncio.get_running_loop().run_in_executor(ToolThreads(), lambda: 6 * 7)
        42
    """

    def __init__(self) -> None:
        self._free = threading.Semaphore(MOST_THREADS)

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """Start a thread for a function.

        Raises:
            ToolError: sixteen threads run already, those that hang included; or the system gives no more.
        """
        if not self._free.acquire(blocking=False):
            raise ToolError("Too many calls are running: try again later.")
        future: Future[_T] = Future()

        def work() -> None:
            try:
                outcome: tuple[Any, BaseException | None] = fn(*args, **kwargs), None
            except Exception as error:
                # A future of asyncio takes no StopIteration.
                outcome = None, RuntimeError("StopIteration") if isinstance(error, StopIteration) else error
            except BaseException as error:  # such as SystemExit: a tool ends nothing but itself
                outcome = None, RuntimeError(repr(error))
            self._free.release()
            if future.set_running_or_notify_cancel():
                result, failure = outcome
                future.set_exception(failure) if failure else future.set_result(result)

        try:
            threading.Thread(target=work, name="voice-tool", daemon=True).start()
        except RuntimeError:
            self._free.release()
            raise ToolError("The system has no thread for this call: try again later.") from None
        return future
