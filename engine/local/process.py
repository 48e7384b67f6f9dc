"""Starts the embedded server as a process of its own and ends it: speech recognition holds the GIL for long."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from typing import Any, Self

from engine.errors import Advice, LibraryMissingError
from engine.redaction import without_keys

_READY_S = 30.0
"""Loading the models takes half a second; a cold disk and a busy machine take longer."""
_END_S = 0.4
"""It has nothing to put in order."""


class LocalServer:
    """The server process of one session, as an asynchronous context."""

    def __init__(self, module: str = "engine.local", *arguments: str) -> None:
        """Prepare a server; another module prints its address as the embedded one does."""
        self._module, self._arguments = module, arguments
        self.url = ""
        self.lacks: list[str] = []
        """Sentences on what the server cannot do."""
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        """Start the process and wait until it listens."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """End the process."""
        await self.stop()

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Start the process and wait until it listens.

        Raises:
            LibraryMissingError: it ended at once or did not answer; the text says what it lacks.
        """
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # not from the folder where the person happens to be, whatever it holds
            "-m",
            self._module,
            *self._arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            # Ctrl+C in a terminal reaches a whole group, and would meet an interpreter that has only begun.
            process_group=0,
            env=without_keys(os.environ),
        )
        try:
            ready = await self._first_line()
        except BaseException:
            await self.stop(0.0)  # it reads no end of its input until the models are loaded
            raise
        if "url" not in ready:
            await self.stop(0.0)
            raise LibraryMissingError(
                str(ready.get("error", "The embedded server did not start.")),
                fix=str(ready.get("fix", Advice.SERVE)),
            )
        self.url = str(ready["url"])
        self.lacks = [str(entry) for entry in ready.get("lacks", [])]

    async def revive(self) -> None:
        """Start the process again if it has ended by itself; it then listens at another address.

        Raises:
            LibraryMissingError: as `start`.
        """
        if self._process is None or self._process.returncode is not None:
            await self.stop()
            await self.start()

    async def stop(self, patience_s: float = _END_S) -> None:
        """End the process and wait for its end; safe to call twice.

        Args:
            patience_s: How long it may take to end by itself before it is killed.
        """
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience_s):
                    await process.wait()
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
        await process.wait()

    async def _first_line(self) -> dict[str, Any]:
        if self._process is None or self._process.stdout is None:
            return {}
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), _READY_S)
            ready: dict[str, Any] = json.loads(line)
        except TimeoutError:
            return {"error": f"The embedded server was not ready within {_READY_S:.0f} s."}
        except ValueError:
            return {}
        return ready
