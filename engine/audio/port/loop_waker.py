"""Wakes the event loop: the audio thread through a line it writes to without the GIL, and a clock."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable

from engine.audio.port.waker import MOST_READ, Waker


class LoopWaker(Waker):
    """A line that the kernel signals, and a clock: both call one function in the event loop.

    Signals are not counted: many at once make one call, and one that came before `watch` is not lost.

    Example:
        >>> waker = LoopWaker(tick_s=0.25)
        >>> woken = asyncio.Event()
        >>> waker.watch(lambda signalled: woken.set() if signalled else None)
        >>> waker.signal()  # as the kernel does
        >>> await woken.wait()
        True
        >>> waker.close()
    """

    def __init__(self, tick_s: float) -> None:
        """Make the line; the clock ticks every `tick_s` seconds."""
        super().__init__()
        self._tick_s = tick_s
        self._on_wake: Callable[[bool], None] = lambda signalled: None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._receiving: asyncio.Task[None] | None = None

    def watch(self, on_wake: Callable[[bool], None]) -> None:
        """Call `on_wake(True)` in the running loop once signalled, and `on_wake(False)` for each tick, until closed.

        It is called by the loop itself: a coroutine that waits needs another turn of the loop, with a look at all
        sockets, and a timeout for each of its waits. In an idle session that was a quarter of the loop's work.
        """
        self._on_wake = on_wake
        self._loop = asyncio.get_running_loop()
        self._set_timer(self._loop)
        try:
            self._loop.add_reader(self._line.read_end, self._on_readable)
        except NotImplementedError:  # Windows, whose loop only waits for what it has asked for
            self._receiving = self._loop.create_task(self._receive(self._loop))

    def _on_readable(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._line.take()
        self._on_wake(True)

    async def _receive(self, loop: asyncio.AbstractEventLoop) -> None:
        assert isinstance(self._line.read_end, socket.socket)
        while await loop.sock_recv(self._line.read_end, MOST_READ):
            loop.call_soon(self._on_received)  # what that raises ends nothing

    def _on_received(self) -> None:
        if self._loop is not None:
            self._on_wake(True)

    def _set_timer(self, loop: asyncio.AbstractEventLoop) -> None:
        def on_timer() -> None:
            self._set_timer(loop)
            self._on_wake(False)

        self._timer = loop.call_later(self._tick_s, on_timer)

    def stop(self) -> None:
        """Make no more calls; the line stays."""
        loop, self._loop = self._loop, None
        if self._timer is not None:
            self._timer.cancel()
        if loop is None or loop.is_closed():
            return
        if self._receiving is not None:
            self._receiving.cancel()
        else:
            loop.remove_reader(self._line.read_end)

    def close(self) -> None:
        """Release the line; safe to call twice. The streams that signal it must be closed before."""
        self.stop()
        super().close()
