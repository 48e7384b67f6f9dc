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

    def __init__(self) -> None:
        self.descriptor = -1
        self._read_end = -1
        if hasattr(os, "eventfd"):
            self.descriptor = self._read_end = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        elif sys.platform != "win32":
            self._read_end, self.descriptor = os.pipe()
            os.set_blocking(self._read_end, False)
            os.set_blocking(self.descriptor, False)
        self._signalled = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def signal(self) -> None:
        """Wake the waiter, from any thread."""
        if self.descriptor >= 0:
            with contextlib.suppress(BlockingIOError):
                os.write(self.descriptor, (1).to_bytes(8, sys.byteorder))

    async def wait(self, timeout_s: float) -> bool:
        """Return True once signalled, False after `timeout_s` seconds."""
        if self._read_end < 0:
            await asyncio.sleep(min(POLL_S, timeout_s))
            return True
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._loop.add_reader(self._read_end, self._on_readable)
        try:
            async with asyncio.timeout(timeout_s):
                await self._signalled.wait()
        except TimeoutError:
            return False
        self._signalled.clear()
        return True

    def _on_readable(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._read_end, 4096)
        self._signalled.set()

    def close(self) -> None:
        """Release the descriptors; safe to call twice. The streams that signal them must be closed before."""
        loop, self._loop = self._loop, None
        if loop is not None and not loop.is_closed():
            loop.remove_reader(self._read_end)
        for descriptor in {self._read_end, self.descriptor} - {-1}:
            os.close(descriptor)
        self._read_end = self.descriptor = -1
