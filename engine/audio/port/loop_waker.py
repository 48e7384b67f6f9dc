"""Wakes the event loop: the audio thread through a descriptor it writes to without the GIL, and a clock."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from engine.audio.port.waker import POLL_S, Waker


class LoopWaker(Waker):
    """A descriptor that the kernel signals, and a clock: both call one function in the event loop.

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
        """Make the descriptors; the clock ticks every `tick_s` seconds."""
        super().__init__()
        self._tick_s = tick_s
        self._on_wake: Callable[[bool], None] = lambda signalled: None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timers: dict[bool, asyncio.TimerHandle] = {}

    def watch(self, on_wake: Callable[[bool], None]) -> None:
        """Call `on_wake(True)` in the running loop once signalled, and `on_wake(False)` for each tick, until closed.

        It is called by the loop itself: a coroutine that waits needs another turn of the loop, with a look at all
        sockets, and a timeout for each of its waits. In an idle session that was a quarter of the loop's work.
        """
        self._on_wake = on_wake
        self._loop = asyncio.get_running_loop()
        self._set_timer(self._loop, self._tick_s, signalled=False)
        if self._read_end >= 0:
            self._loop.add_reader(self._read_end, self._on_readable)
        else:
            self._set_timer(self._loop, POLL_S, signalled=True)

    def _on_readable(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._take_signals()
        self._on_wake(True)

    def _set_timer(self, loop: asyncio.AbstractEventLoop, seconds: float, *, signalled: bool) -> None:
        def on_timer() -> None:
            self._set_timer(loop, seconds, signalled=signalled)
            self._on_wake(signalled)

        self._timers[signalled] = loop.call_later(seconds, on_timer)

    def stop(self) -> None:
        """Make no more calls; the descriptors stay."""
        loop, self._loop = self._loop, None
        for timer in self._timers.values():
            timer.cancel()
        if loop is not None and not loop.is_closed() and self._read_end >= 0:
            loop.remove_reader(self._read_end)

    def close(self) -> None:
        """Release the descriptors; safe to call twice. The streams that signal them must be closed before."""
        self.stop()
        super().close()
