"""Starts the scripted service as a process, and ends it for what it has to say about when it sent what."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys

from benchmarks.rigs import scripted_service
from engine.errors import LibraryMissingError

_READY_S = 30.0
_END_S = 5.0


class ScriptedService:
    """The server process of one measurement, as an asynchronous context.

    Example:
        >>> async with ScriptedService(quiet_s=1.0) as service:
        ...     await talk_to(service.url)
        ...     sent_ns = await service.stop()
    """

    def __init__(self, quiet_s: float, answer_s: float = 0.0) -> None:
        """Prepare a service: endless short turns after `quiet_s`, or one with an answer of `answer_s`."""
        self._arguments = (str(quiet_s), str(answer_s))
        self._process: asyncio.subprocess.Process | None = None
        self.url = ""

    async def __aenter__(self) -> ScriptedService:
        """Start the process and wait until it listens.

        Raises:
            LibraryMissingError: it did not.
        """
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", scripted_service.__name__, *self._arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert self._process.stdout is not None
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), _READY_S)
            self.url = json.loads(line)["url"]
        except (TimeoutError, ValueError):
            await self._kill()
            raise LibraryMissingError("The scripted server did not start.", fix="Run `voice doctor`.") from None
        except BaseException:
            await self._kill()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """End the process, whatever it does."""
        await self._kill()

    async def stop(self) -> dict[str, list[int]]:
        """End the process in order; return when it sent what, in ns on the clock of `time.monotonic_ns`."""
        if self._process is None:
            return {}
        text, _ = await asyncio.wait_for(self._process.communicate(), _END_S)
        sent_ns: dict[str, list[int]] = json.loads(text)["sent_ns"]
        return sent_ns

    async def _kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
            await process.wait()
