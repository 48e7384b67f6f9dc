"""Lines by which the audio thread wakes others, without the GIL; and a thread that waits for one."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import threading
from typing import Protocol

_ONE = (1).to_bytes(8, sys.byteorder)
MOST_READ = 512
"""Bytes: an eventfd gives 8, a pair of sockets 8 for each signal."""


class _Line(Protocol):
    descriptor: int
    """The kernel writes to it."""

    @property
    def read_end(self) -> int | socket.socket: ...

    def put(self) -> None: ...

    def take(self) -> None: ...

    def close(self) -> None: ...


class _EventFd:
    """Linux: a number in the system's memory, so that no signal needs memory of its own."""

    def __init__(self, *, blocks: bool) -> None:
        self.descriptor = -1
        if sys.platform == "linux":
            self.descriptor = os.eventfd(0, os.EFD_CLOEXEC)
            os.set_blocking(self.descriptor, blocks)
        self.read_end = self.descriptor

    def put(self) -> None:
        os.write(self.descriptor, _ONE)

    def take(self) -> None:
        os.read(self.descriptor, MOST_READ)

    def close(self) -> None:
        os.close(self.descriptor)


class _SocketPair:
    """Other systems: a pair of sockets, the only thing that every event loop of Python waits for, also on Windows."""

    def __init__(self, *, blocks: bool) -> None:
        self.read_end, self._write_end = socket.socketpair()
        self.read_end.setblocking(blocks)
        self._write_end.setblocking(False)
        if self._write_end.family != getattr(socket, "AF_UNIX", None):
            # TCP, on Windows, would keep a second signal back until the first is acknowledged.
            self._write_end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.descriptor = self._write_end.fileno()

    def put(self) -> None:
        self._write_end.send(_ONE)

    def take(self) -> None:
        self.read_end.recv(MOST_READ)

    def close(self) -> None:
        self._write_end.close()
        self.read_end.close()


class Waker:
    """A line that the audio thread signals. Signals are not counted."""

    descriptor = -1
    """An eventfd, or a socket; -1 once it is closed."""

    def __init__(self, *, blocks: bool = False) -> None:
        """Make the line; `blocks` says whether to read waits for a signal."""
        self._closing = threading.Lock()
        self._line: _Line = _EventFd(blocks=blocks) if sys.platform == "linux" else _SocketPair(blocks=blocks)
        self.descriptor = self._line.descriptor

    def signal(self) -> None:
        """Signal, as the audio thread does, from any thread; nothing once closed."""
        with self._closing:
            if self.descriptor >= 0:
                with contextlib.suppress(BlockingIOError):  # a line that is full of signals is one
                    self._line.put()

    def close(self) -> None:
        """Release the line; safe to call twice. The streams that signal it must be closed before."""
        with self._closing:
            if self.descriptor >= 0:
                self.descriptor = -1
                self._line.close()


class ThreadWaker(Waker):
    """One that a thread waits for; it closes itself once nobody knows it.

    Example:
        >>> waker = ThreadWaker()
        >>> waker.signal()
        >>> waker.wait()
    """

    def __init__(self) -> None:
        """Make the line."""
        super().__init__(blocks=True)

    def wait(self) -> None:
        """Block until there is a signal since the last time."""
        self._line.take()

    def __del__(self) -> None:
        self.close()
