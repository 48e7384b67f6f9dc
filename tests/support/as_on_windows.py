"""A program that loads one backend with Python's library as it is on Windows: `python -m ... BACKEND`.

What Windows lacks is taken away, so that whoever needs it fails here as there. Libraries are loaded before: theirs know
which system they were built for.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import sounddevice
import soundfile

from tests.support.tcp_pair import tcp_pair

_MODULES = ("curses", "fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios", "tty")
_OS = (
    "eventfd",
    "fork",
    "geteuid",
    "getpgid",
    "getuid",
    "kill",
    "killpg",
    "mkfifo",
    "openpty",
    "sched_getaffinity",
    "sched_setaffinity",
    "set_blocking",
    "setsid",
    "sysconf",
    "uname",
)
_SIGNALS = (
    "SIGALRM",
    "SIGCHLD",
    "SIGCONT",
    "SIGHUP",
    "SIGKILL",
    "SIGPIPE",
    "SIGQUIT",
    "SIGSTOP",
    "SIGTSTP",
    "SIGUSR1",
    "SIGUSR2",
    "SIGWINCH",
    "pthread_sigmask",
    "setitimer",
)

__all__ = ["np", "sounddevice", "soundfile"]


class _Library(ctypes.CDLL):
    def __init__(self, name: str | None, *arguments: Any, **options: Any) -> None:
        if name is None:
            raise TypeError("argument of type 'NoneType' is not iterable")
        super().__init__(name, *arguments, **options)


def become_windows() -> None:
    """Take away what Windows lacks."""
    for name in _MODULES:
        sys.modules[name] = None  # type: ignore[assignment] # an import of it fails
    for module, names in ((os, _OS), (signal, _SIGNALS), (socket, ("AF_UNIX",))):
        for name in names:
            if hasattr(module, name):
                delattr(module, name)
    ctypes.CDLL = _Library  # type: ignore[misc]
    vars(ctypes)["windll"] = SimpleNamespace(ole32=SimpleNamespace(CoIncrementMTAUsage=lambda cookie: 0))
    socket.socketpair = tcp_pair  # type: ignore[assignment]
    sys.platform = "win32"


async def load(name: str) -> None:
    """Load the backend as `voice run` does, and make what wakes the session's loop."""
    from engine.audio.device.registry import load_backend  # noqa: PLC0415 - as on Windows
    from engine.audio.port.loop_waker import LoopWaker  # noqa: PLC0415

    backend = load_backend(name)
    print(f"{backend.name}: {len(backend.devices())} devices")
    backend.close()
    waker = LoopWaker(1.0)
    waker.watch(lambda signalled: None)
    waker.close()


if __name__ == "__main__":
    with contextlib.suppress(ImportError):
        import pyaudio  # noqa: F401
    loop = asyncio.new_event_loop()
    become_windows()
    loop.run_until_complete(load(sys.argv[1]))
