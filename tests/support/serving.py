"""`voice serve` as a person starts it: a process of its own, whose address the test reads."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.voice_process import VOICE

_PATIENCE_S = 60.0


class Serving:
    """A server process that listens at `url`."""

    def __init__(self, process: asyncio.subprocess.Process, url: str) -> None:
        self._process = process
        self.clients: list[str] = []
        self.url = url

    def send(self, number: int) -> None:
        """Send it a signal; Ctrl+C is one."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    async def ended(self) -> tuple[int, str]:
        """Wait until it ends by itself; return its exit code and what it said on its standard error.

        What is said of clients goes to `clients`.
        """
        async with asyncio.timeout(_PATIENCE_S):
            _, said = await self._process.communicate()
        lines = said.decode().splitlines(keepends=True)
        self.clients = [line for line in lines if re.match("(A c|C)lient ", line)]
        return self._process.returncode or 0, "".join(line for line in lines if line not in self.clients)


@asynccontextmanager
async def serving(*arguments: str, folder: Path | None = None) -> AsyncIterator[Serving]:
    """`voice serve --port 0` with more arguments, ended with the block."""
    process = await asyncio.create_subprocess_exec(
        VOICE,
        "serve",
        "--port",
        "0",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=folder,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(_PATIENCE_S):
            line = (await process.stdout.readline()).decode()
        match = re.search(r"ws://\S+", line)
        assert match, line
        yield Serving(process, match[0])
    finally:
        if process.returncode is None:
            process.terminate()
            async with asyncio.timeout(_PATIENCE_S):
                await process.communicate()
