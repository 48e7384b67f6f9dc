"""How the audio thread wakes the event loop: a descriptor that the kernel writes to without taking the GIL."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import sys
from collections.abc import Callable

_MOST_READ = 512
"""Bytes: an eventfd gives 8, a pipe 8 for each signal."""
POLL_S = 0.005
"""Where the kernel cannot write to a descriptor (Windows), the loop looks this often instead."""
_PATIENCE = 0.2
"""Of the rhythm: so long the timer leaves a tick that is due to the next signal. Blocks are shorter."""
_CLOCK_ERROR_S = 1e-3
"""So much sooner than was asked a timer may run."""
_WHILE_SIGNALLED = 2.0
"""The timer's rhythm while signals bring the ticks."""


class Wake:
    """An eventfd (Linux) or a pipe that the kernel signals, and a clock: both call one function in the event loop.

    Signals are not counted: many at once make one call, and one that came before `watch` is not lost. Where there are
    signals, the ticks come right after some of them: a timer would wake the loop once more.

    Example:
        >>> wake = Wake(tick_s=0.25)
        >>> port.set_wake_descriptor(wake.descriptor)
        >>> wake.watch(lambda signalled: print("a block" if signalled else "a quarter of a second"))
    """

    def __init__(self, tick_s: float) -> None:
        """Make the descriptors.

        Args:
            tick_s: The clock's rhythm. Without signals it is a fifth slower, and the first tick after the last signal
                may be twice as late again.
        """
        self._tick_s = tick_s
        self._tick_at_s = 0.0
        self._on_wake: Callable[[bool], None] = lambda signalled: None
        self.descriptor = -1
        self._read_end = -1
        if hasattr(os, "eventfd"):
            self.descriptor = self._read_end = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        elif sys.platform != "win32":
            self._read_end, self.descriptor = os.pipe()
            os.set_blocking(self._read_end, False)
            os.set_blocking(self.descriptor, False)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    def signal(self) -> None:
        """Wake the waiter, from any thread."""
        if self.descriptor >= 0:
            with contextlib.suppress(BlockingIOError):
                os.write(self.descriptor, (1).to_bytes(8, sys.byteorder))

    def watch(self, on_wake: Callable[[bool], None]) -> None:
        """Call `on_wake(True)` in the running loop once signalled, and `on_wake(False)` for each tick, until closed.

        It is called by the loop itself: a coroutine that waits needs another turn of the loop, with a look at all
        sockets, and a timeout for each of its waits. In an idle session that was a quarter of the loop's work.
        """
        self._on_wake = on_wake
        self._loop = asyncio.get_running_loop()
        self._tick_at_s = self._loop.time() + self._tick_s
        if self._read_end >= 0:
            self._loop.add_reader(self._read_end, self._on_readable)
            self._call_in((1 + _PATIENCE) * self._tick_s, self._on_timer)
        else:
            self._call_in(POLL_S, self._poll)

    def _on_readable(self) -> None:
        # Cheaper than `contextlib.suppress`, in what runs fifty times a second.
        try:  # noqa: SIM105
            os.read(self._read_end, _MOST_READ)
        except BlockingIOError:
            pass
        self._on_signal()

    def _poll(self) -> None:
        self._call_in(POLL_S, self._poll)
        self._on_signal()

    def _on_signal(self) -> None:
        self._on_wake(True)
        if self._due_for_s() >= 0.0:
            self._tick()

    def _on_timer(self) -> None:
        due_for_s, patience_s = self._due_for_s(), _PATIENCE * self._tick_s
        if due_for_s >= patience_s - _CLOCK_ERROR_S:
            self._call_in(self._tick_s + patience_s, self._on_timer)
            self._tick()
        else:
            self._call_in(patience_s if due_for_s >= 0.0 else _WHILE_SIGNALLED * self._tick_s, self._on_timer)

    def _due_for_s(self) -> float:
        """How long a tick has been due; negative while none is."""
        return -math.inf if self._loop is None else self._loop.time() - self._tick_at_s

    def _tick(self) -> None:
        if self._loop is not None:
            self._tick_at_s = self._loop.time() + self._tick_s
            self._on_wake(False)

    def _call_in(self, seconds: float, call: Callable[[], None]) -> None:
        if self._loop is not None:
            self._timer = self._loop.call_later(seconds, call)

    def stop(self) -> None:
        """Make no more calls; the descriptors stay."""
        loop, self._loop = self._loop, None
        if self._timer is not None:
            self._timer.cancel()
        if loop is not None and not loop.is_closed() and self._read_end >= 0:
            loop.remove_reader(self._read_end)

    def close(self) -> None:
        """Release the descriptors; safe to call twice. The streams that signal them must be closed before."""
        self.stop()
        for descriptor in {self._read_end, self.descriptor} - {-1}:
            os.close(descriptor)
        self._read_end = self.descriptor = -1
