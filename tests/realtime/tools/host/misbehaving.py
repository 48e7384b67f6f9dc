"""Tools that do what no program expects of a function; imported by the tool host alone."""

# ruff: noqa: ASYNC110, ASYNC240
from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
import threading
from pathlib import Path

from engine import tool

FOREVER = threading.Event()
signal.signal(signal.SIGTERM, signal.SIG_IGN)


def ping() -> int:
    """Tell the process."""
    return os.getpid()


async def both(name: str, others: int = 2) -> str:
    """Return when so many have come."""
    Path(name).touch()
    while len(list(Path(name).parent.iterdir())) < others:
        await asyncio.sleep(0.01)
    return "met"


def segfault() -> None:
    """Read what is not there."""
    ctypes.string_at(0)


def leave() -> None:
    """End the process."""
    os._exit(3)


def killed() -> None:
    """Be killed."""
    if sys.platform == "win32":
        raise NotImplementedError
    os.kill(os.getpid(), signal.SIGKILL)
    FOREVER.wait()


def greedy() -> int:
    """Take more memory than there may be."""
    return len(bytearray(512 << 20))


def talkative() -> str:
    """Print much."""
    for number in range(20_000):
        print("a line of", number, "x" * 80)
    return "said"


def asking() -> str:
    """Ask the person."""
    return input("Your name? ")


def moving() -> str:
    """Go elsewhere."""
    os.chdir("/")
    return str(Path.cwd())


def forking() -> str:
    """Make a copy of the process, which returns from here too."""
    if sys.platform == "win32":
        raise NotImplementedError
    pid = os.fork()
    if pid == 0:
        return "the copy"
    os.waitpid(pid, 0)
    return "the original"


def deaf() -> str:
    """Ignore a signal."""
    os.kill(os.getpid(), signal.SIGTERM)
    return "still here"


def closing() -> str:
    """Close what is not its own."""
    os.closerange(3, 256)
    return "closed"


@tool(timeout_s=0.2)
def stuck() -> None:
    """Never return."""
    FOREVER.wait()


@tool(timeout_s=0.2)
async def blocking() -> None:
    """Hold the loop."""
    FOREVER.wait()


@tool(timeout_s=60)
def slow() -> None:
    """Return too late."""
    FOREVER.wait()


@tool(timeout_s=60, on_interrupt="shield")
def pay(until: str) -> int:
    """Return when there is a file."""
    while not Path(until).exists():
        FOREVER.wait(0.01)
    return os.getpid()


@tool(timeout_s=60, on_interrupt="cancel")
async def search(begun: str, ended: str) -> None:
    """Run until it is cancelled."""
    Path(begun).touch()
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0.05)
        Path(ended).touch()


def secretive() -> list[str]:
    """Look for keys."""
    return [os.environ.get("LAMP_API_KEY", "none"), os.environ.get("GIVEN", "none")]


def wrong(number: int) -> None:
    """Fail."""
    raise LookupError(f"no {number} at swordfish-1")


TOOLS = [
    *(ping, both, segfault, leave, killed, greedy, talkative, asking, moving, forking, deaf, closing),
    *(stuck, blocking, slow, pay, search, secretive, wrong),
]
