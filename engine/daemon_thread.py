"""A thread for one call, which may hang without keeping the process from ending."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any


class DaemonThread(Executor):
    """A thread for one call, which does not keep the process from ending."""

    def __init__(self) -> None:
        self.outcome: Future[Any] = Future()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Make the call, unless it is cancelled before the thread has begun."""

        def work() -> None:
            if not self.outcome.set_running_or_notify_cancel():
                return
            try:
                result = fn(*args, **kwargs)
            except BaseException as error:
                self.outcome.set_exception(error)
            else:
                self.outcome.set_result(result)

        threading.Thread(target=work, daemon=True, name="voice-blocking").start()
        return self.outcome
