"""A server as a child process: it prints its address when it is ready, and ends when its standard input does."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading

from engine.local.server import serve
from engine.local.session_factory import SessionFactory


async def serve_parent(factory: SessionFactory, host: str = "127.0.0.1", port: int = 0) -> None:
    """Serve until the parent closes our standard input, or is gone.

    Raises:
        InvalidInputError: as `serve`.
    """
    loop, until = asyncio.get_running_loop(), asyncio.Event()
    threading.Thread(target=_end_with_parent, args=(loop, until), daemon=True).start()
    with contextlib.suppress(NotImplementedError):  # Windows, which has no such signal
        loop.add_signal_handler(signal.SIGTERM, until.set)
    await serve(host, port, factory=factory, announce=lambda line: print(line, flush=True), until=until)


def _end_with_parent(loop: asyncio.AbstractEventLoop, until: asyncio.Event) -> None:
    """Wait for the end of standard input, which the parent holds open and the system closes when it dies."""
    with contextlib.suppress(OSError):
        # Not through `sys.stdin`: its lock, held by a waiting thread, aborts the interpreter at its end.
        while os.read(0, 4096):
            pass
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(until.set)
