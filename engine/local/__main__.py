"""The server as a child process: prints one line when it is ready, and ends when its standard input does."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
import threading

from engine.errors import VoiceError


def _end_with_parent(loop: asyncio.AbstractEventLoop, until: asyncio.Event) -> None:
    """Wait for the end of standard input, which the parent holds open and the system closes when it dies."""
    with contextlib.suppress(OSError):
        # Not through `sys.stdin`: its lock, held by a waiting thread, aborts the interpreter at its end.
        while os.read(0, 4096):
            pass
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(until.set)


async def _run(host: str, port: int) -> None:
    # A missing library becomes a line the parent can read.
    from engine.local.server import serve  # noqa: PLC0415
    from engine.local.session_factory import Agent  # noqa: PLC0415

    loop, until = asyncio.get_running_loop(), asyncio.Event()
    threading.Thread(target=_end_with_parent, args=(loop, until), daemon=True).start()
    if sys.platform != "win32":
        loop.add_signal_handler(signal.SIGTERM, until.set)
    await serve(host, port, factory=Agent(), announce=lambda line: print(line, flush=True), until=until)


def main() -> int:
    """Parse, serve, and say in one line of JSON why not."""
    parser = argparse.ArgumentParser(prog="engine.local")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    # Ctrl+C in a terminal reaches the whole group; the parent ends this process in its own order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        asyncio.run(_run(options.host, options.port))
    except VoiceError as error:
        print(json.dumps({"error": error.message, "fix": error.fix}), flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
