"""Ctrl+C, termination and a terminal that is closed (on Windows Ctrl+Break too), as a request to end in order."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator

from cli.terminal.interrupts import INTERRUPTS

_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)]


@contextlib.contextmanager
def stop_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` in the running loop for each such signal until the block ends, except those the parent has ignored.

    A script does so for a background job, and `nohup` for a terminal that is closed. The handlers are Python's own
    and not the loop's: they are reached where something keeps the loop busy. The loop has one of its own that does
    nothing, which wakes it: a signal that comes just before it waits would be seen only at the next event.
    """
    loop = asyncio.get_running_loop()
    handlers = {number: signal.getsignal(number) for number in _SIGNALS}
    previous = {number: handler for number, handler in handlers.items() if handler is not signal.SIG_IGN}
    INTERRUPTS.stop = lambda: loop.call_soon_threadsafe(stop)
    for number in previous:
        with contextlib.suppress(NotImplementedError):  # Windows, where each signal wakes the loop
            loop.add_signal_handler(number, lambda: None)
        signal.signal(number, INTERRUPTS.take)
    if INTERRUPTS.count:  # what raised KeyboardInterrupt before was inside of something that lets no error out
        loop.call_soon(stop)
    try:
        yield
    finally:
        INTERRUPTS.stop = None
        for number, handler in previous.items():
            with contextlib.suppress(NotImplementedError):
                loop.remove_signal_handler(number)
            signal.signal(number, handler)
