"""Differences between systems for the host's process: how it is given its socket, and what holds it back.

Unix passes the socket on as an open descriptor. Windows copies it for a process that is already there, which reads the
copy from its standard input.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from functools import partial
from pathlib import Path
from typing import Any

from engine.realtime.tools.host.wire import Order


def start_options(theirs: socket.socket) -> dict[str, Any]:
    """Return what `create_subprocess_exec` is told of the socket."""
    if sys.platform == "win32":
        return {"stdin": asyncio.subprocess.PIPE}
    return {"stdin": asyncio.subprocess.DEVNULL, "pass_fds": (theirs.fileno(),)}


async def hand_over(process: asyncio.subprocess.Process, theirs: socket.socket) -> None:
    """Give the socket to a process that has been started."""
    if sys.platform == "win32" and process.stdin is not None:
        process.stdin.write(theirs.share(process.pid))
        process.stdin.close()
        await process.stdin.wait_closed()


def received_socket() -> socket.socket:
    """Return the socket, in the process; a copy of the process that a tool makes does not hold it open."""
    if sys.platform == "win32":
        return socket.fromshare(sys.stdin.buffer.read())
    end = socket.socket(fileno=int(sys.argv.pop()))
    os.register_at_fork(after_in_child=partial(os.close, end.fileno()))
    return end


def limit(order: Order) -> None:
    """Take what the order has of limits, in the process, as far as the system knows them."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - of Unix

        os.nice(order.nice)
        with contextlib.suppress(OSError):  # the priority of the whole session, where Linux groups by them
            Path("/proc/self/autogroup").write_text(str(order.nice), encoding="ascii")
        if order.memory_mb is not None:
            most = order.memory_mb << 20
            resource.setrlimit(resource.RLIMIT_DATA, (most, most))
