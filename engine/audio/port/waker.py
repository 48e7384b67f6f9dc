"""Descriptors by which the audio thread wakes others, without the GIL; and a thread that waits for one."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time

_MOST_READ = 512
"""Bytes: an eventfd gives 8, a pipe 8 for each signal."""
POLL_S = 0.005
"""Rhythm of looks where the kernel cannot write to a descriptor (Windows)."""


class Waker:
    """An eventfd (Linux) or a pipe; neither on Windows. Signals are not counted."""

    def __init__(self, *, blocks: bool = False) -> None:
        """Make the descriptors; `blocks` says whether to read waits for a signal."""
        self.descriptor = self._read_end = -1
        if hasattr(os, "eventfd"):
            self.descriptor = self._read_end = os.eventfd(0, os.EFD_CLOEXEC)
        elif sys.platform != "win32":
            self._read_end, self.descriptor = os.pipe()
            os.set_blocking(self.descriptor, False)
        if self._read_end >= 0:
            os.set_blocking(self._read_end, blocks)
        self._closing = threading.Lock()

    def signal(self) -> None:
        """Signal, as the audio thread does, from any thread; nothing once closed."""
        with self._closing:
            if self.descriptor >= 0:
                with contextlib.suppress(BlockingIOError):  # a pipe that is full of signals is one
                    os.write(self.descriptor, (1).to_bytes(8, sys.byteorder))

    def close(self) -> None:
        """Release the descriptors; safe to call twice. The streams that signal them must be closed before."""
        with self._closing:
            for descriptor in {self._read_end, self.descriptor} - {-1}:
                os.close(descriptor)
            self._read_end = self.descriptor = -1

    def _take_signals(self) -> None:
        os.read(self._read_end, _MOST_READ)


class ThreadWaker(Waker):
    """One that a thread waits for; it closes itself once nobody knows it.

    Example:
        >>> waker = ThreadWaker()
        >>> waker.signal()
        >>> waker.wait()
    """

    def __init__(self) -> None:
        """Make the descriptors."""
        super().__init__(blocks=True)

    def wait(self) -> None:
        """Block until there is a signal since the last time; where there is no descriptor, for some milliseconds."""
        if self._read_end >= 0:
            self._take_signals()
        else:
            time.sleep(POLL_S)

    def __del__(self) -> None:
        self.close()
