"""Ctrl+C, termination and a terminal that is closed (on Windows Ctrl+Break too), as a request to end in order."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator

from cli.terminal.interrupts import INTERRUPTS

_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)]


@contextlib.contextmanager
def stop_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` in the running loop for each such signal until the block ends, except those the parent has ignored.

    A script does so for a background job, and `nohup` for a terminal that is closed. The handlers are Python's own
    and not the loop's: they are reached where something keeps the loop busy.
    """
    loop = asyncio.get_running_loop()
    handlers = {number: signal.getsignal(number) for number in _SIGNALS}
    previous = {number: handler for number, handler in handlers.items() if handler is not signal.SIG_IGN}
    INTERRUPTS.stop = lambda: loop.call_soon_threadsafe(stop)
    with _waking(loop):
        for number in previous:
            signal.signal(number, INTERRUPTS.take)
        if INTERRUPTS.count:  # what raised KeyboardInterrupt before was inside of something that lets no error out
            loop.call_soon(stop)
        try:
            yield
        finally:
            INTERRUPTS.stop = None
            for number, handler in previous.items():
                signal.signal(number, handler)


@contextlib.contextmanager
def _waking(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Let each signal wake the loop: one that comes just before the loop waits would be seen only at the next event.

    Not by a handler of the loop's: between its coming and ours, and again on the way out, a signal would be lost.
    """
    ours, signals = socket.socketpair()
    with ours, signals:
        ours.setblocking(False)
        signals.setblocking(False)
        try:
            loop.add_reader(ours, ours.recv, 4096)
        except NotImplementedError:  # Windows, where each signal wakes the loop
            yield
            return
        previous = signal.set_wakeup_fd(signals.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(previous)
            loop.remove_reader(ours)
