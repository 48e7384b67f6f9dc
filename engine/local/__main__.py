"""The server as a child process: prints one line when it is ready, and ends when its standard input does."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys

from engine.errors import VoiceError


async def _run(host: str, port: int) -> None:
    # A missing library becomes a line the parent can read.
    from engine.local.child import serve_parent  # noqa: PLC0415
    from engine.local.session_factory import Agent  # noqa: PLC0415

    await serve_parent(Agent(), host, port)


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
