"""Lists the devices as they are now, through a process of its own: ours may go on playing.

The process stays: a rescan costs it 8 ms of a core with PortAudio on ALSA, where starting Python each time cost 90. It
takes 24 MB, half of which it shares.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys

from engine.audio.device.blame import class_of
from engine.audio.device.protocol import Backend
from engine.audio.recovery import rescan_main as lister
from engine.audio.run_blocking import wait_out
from engine.audio.types import Device
from engine.errors import VoiceError
from engine.redaction import without_keys

RESCAN_S = 10.0
"""Longest time of a rescan, for a sound server that hangs; 0.02 s is usual."""
_LONGEST_ANSWER = 1 << 20
"""Longest answer in bytes; a device takes 400."""
_MOST_RESCANS = 500
"""Rescans until a new process takes over: with JACK's library, and no server, each start of PortAudio leaks 12 KB."""


class DeviceLister:
    """The process, which is started by the first rescan and again by the one after a failure.

    Example:
        >>> from engine.audio.device.registry import load_backend
        >>> lister = DeviceLister(load_backend("virtual"))
        >>> [device.name for device in await lister.rescan()]
        ['virtual']
        >>> await lister.close()
    """

    def __init__(self, backend: Backend, *, timeout_s: float = RESCAN_S) -> None:
        """Start nothing yet.

        Args:
            backend: One like it is made in the other process, without arguments.
            timeout_s: Longest rescan; the process is killed then.
        """
        self._class = class_of(backend)
        self._timeout_s = timeout_s
        self._process: asyncio.subprocess.Process | None = None
        self._rescans = 0

    async def rescan(self) -> list[Device]:
        """List the devices as they are now; one rescan at a time. Whoever cancels it ends the process.

        A process that has ended, such as where JACK's server did, is started anew.

        Raises:
            VoiceError: the devices cannot be listed.
        """
        try:
            was_running = self._process is not None
            answer = await self._ask()
            if not answer and was_running:
                await self.close()
                answer = await self._ask()
            devices = lister.decode(answer)
        except BaseException:
            await self.close()
            raise
        self._rescans += 1
        if self._rescans % _MOST_RESCANS == 0:
            await self.close()
        return devices

    async def _ask(self) -> str:
        self._process = process = self._process or await self._start()
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(b"\n")
        try:
            async with asyncio.timeout(self._timeout_s):
                return (await process.stdout.readline()).decode()
        except TimeoutError:
            raise VoiceError(
                f"The devices cannot be listed: the sound system has not answered for {self._timeout_s:.0f} s.",
                fix="Restart the sound server.",
            ) from None

    async def _start(self) -> asyncio.subprocess.Process:
        try:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", lister.__name__, self._class, f"{2 * self._timeout_s}"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                limit=_LONGEST_ANSWER,
                env=without_keys(os.environ),
            )
        except OSError as error:
            raise VoiceError(
                f"The devices cannot be listed: no process can be started ({error.strerror}).",
                fix="End some programs, and try again.",
            ) from error

    async def close(self) -> None:
        """Kill the process and wait for its end, also if we are cancelled: nothing may stay behind."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await wait_out(asyncio.ensure_future(process.wait()))
