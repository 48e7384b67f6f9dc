"""How the audio thread wakes the event loop: a descriptor that the kernel writes to without taking the GIL."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys

POLL_S = 0.005
"""Where the kernel cannot write to a descriptor (Windows), the loop looks this often instead."""


class Wake:
    """An eventfd (Linux) or a pipe that the kernel signals and one coroutine waits for.

    Signals are not counted: many before a wait make one wake-up, and one that came before the wait is not lost.
    """

    def __init__(self, tick_s: float) -> None:
        """Make the descriptors; `tick_s` is how often a wait ends without a signal."""
        self._tick_s = tick_s
        self.descriptor = -1
        self._read_end = -1
        if hasattr(os, "eventfd"):
            self.descriptor = self._read_end = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        elif sys.platform != "win32":
            self._read_end, self.descriptor = os.pipe()
            os.set_blocking(self._read_end, False)
            os.set_blocking(self.descriptor, False)
        self._signalled = self._ticked = False
        self._waiter: asyncio.Future[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ticking: asyncio.TimerHandle | None = None

    def signal(self) -> None:
        """Wake the waiter, from any thread."""
        if self.descriptor >= 0:
            with contextlib.suppress(BlockingIOError):
                os.write(self.descriptor, (1).to_bytes(8, sys.byteorder))

    async def wait(self) -> bool:
        """Return True once signalled, and False once for each tick, whether it was signalled or not.

        The ticks are one timer for all waits: a timeout for each, fifty times a second, was a tenth of what a profiler
        counted on the loop's thread in an idle session.
        """
        if self._loop is None:
            self._begin(asyncio.get_running_loop())
        if not (self._signalled or self._ticked) and self._loop is not None:
            self._waiter = self._loop.create_future()
            if self._read_end < 0:
                self._loop.call_later(POLL_S, self._poll)
            try:
                await self._waiter
            finally:
                self._waiter = None
        ticked = self._ticked
        self._signalled = self._ticked = False
        return not ticked

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._ticking = loop.call_later(self._tick_s, self._tick)
        if self._read_end >= 0:
            loop.add_reader(self._read_end, self._on_readable)

    def _on_readable(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._read_end, 4096)
        self._poll()

    def _poll(self) -> None:
        self._signalled = True
        self._resume()

    def _tick(self) -> None:
        self._ticked = True
        if self._loop is not None:
            self._ticking = self._loop.call_later(self._tick_s, self._tick)
        self._resume()

    def _resume(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def close(self) -> None:
        """Release the descriptors; safe to call twice. The streams that signal them must be closed before."""
        loop, self._loop = self._loop, None
        if self._ticking is not None:
            self._ticking.cancel()
        if loop is not None and not loop.is_closed() and self._read_end >= 0:
            loop.remove_reader(self._read_end)
        for descriptor in {self._read_end, self.descriptor} - {-1}:
            os.close(descriptor)
        self._read_end = self.descriptor = -1
