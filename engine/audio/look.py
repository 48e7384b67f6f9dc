"""Looks which devices there are now, through a process of its own that ends at once: ours may go on playing."""

from __future__ import annotations

import asyncio
import contextlib
import sys

from engine.audio import lister
from engine.audio.aside import wait_out
from engine.audio.backend import Backend, Device
from engine.audio.blame import class_of
from engine.errors import VoiceError

LOOK_S = 10.0
"""A sound server that hangs lets each look hang; 0.1 s is usual."""


async def look(backend: Backend, *, timeout_s: float = LOOK_S) -> list[Device]:
    """List the devices of a backend as they are now.

    Args:
        backend: One like it is made in the other process, without arguments.
        timeout_s: When to give up; the process is killed then, and on every other way out.

    Raises:
        VoiceError: the devices cannot be listed.

    Example:
        >>> before = await look(backend)
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", lister.__name__, class_of(backend)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError as error:
        raise VoiceError(
            f"The devices cannot be listed: no process can be started ({error.strerror}).",
            fix="End some programs, and try again.",
        ) from error
    try:
        async with asyncio.timeout(timeout_s):
            output, _ = await process.communicate()
    except TimeoutError:
        raise VoiceError(
            f"The devices cannot be listed: the sound system has not answered for {timeout_s:.0f} s.",
            fix="Start the sound server anew.",
        ) from None
    finally:
        await _end(process)
    return lister.decode(output.decode(errors="replace"))


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill what still runs, and wait for it, also if we are cancelled: nothing may stay behind."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await wait_out(asyncio.ensure_future(process.wait()))
